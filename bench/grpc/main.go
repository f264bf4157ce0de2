// The gRPC backend of the bench: grpc-go's own health service on every port that is named. It serves a call only if the
// proxy has done its work on it, so that a proxy that doesn't shows up as one whose calls fail.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func main() {
	failed := make(chan error)
	for _, port := range os.Args[1:] {
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			log.Fatal(err)
		}
		server := grpc.NewServer(grpc.UnaryInterceptor(demand))
		grpc_health_v1.RegisterHealthServer(server, health.NewServer())
		go func() { failed <- server.Serve(listener) }()
	}
	log.Fatal(<-failed)
}

// What every proxy must have set.
func demand(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	fields, _ := metadata.FromIncomingContext(ctx)
	for _, name := range []string{"knative-serving-namespace", "knative-serving-revision", "x-forwarded-for"} {
		if len(fields.Get(name)) != 1 {
			return nil, status.Errorf(codes.InvalidArgument, "%s: %q, not one value", name, fields.Get(name))
		}
	}
	return handle(ctx, request)
}
