// The HTTP/3 load of the bench: quic-go's client. Takes HOST PORT PATH SECONDS CONNECTIONS STREAMS and header lines; asks again and
// again on each stream of each connection until the time is over. Prints the number of answers, the microseconds, p50, p99 and errors.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// What one stream after the other has seen.
type seen struct {
	waits  []time.Duration
	errors int
}

func main() {
	host, port, path := os.Args[1], os.Args[2], os.Args[3]
	seconds, connections, streams := number(os.Args[4]), number(os.Args[5]), number(os.Args[6])
	header := http.Header{}
	for _, line := range os.Args[7:] {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	begun := time.Now()
	end := begun.Add(time.Duration(seconds) * time.Second)
	results := make(chan seen)
	for range connections {
		client := dial("127.0.0.1:"+port, host)
		for range streams {
			go func() { results <- ask(client, "https://"+host+path, header, end) }()
		}
	}
	var all seen
	for range connections * streams {
		one := <-results
		all.waits = append(all.waits, one.waits...)
		all.errors += one.errors
	}
	slices.Sort(all.waits)
	at := func(percent int) int64 {
		if len(all.waits) == 0 {
			return 0
		}
		return all.waits[(len(all.waits)-1)*percent/100].Microseconds()
	}
	fmt.Println("figures", len(all.waits), time.Since(begun).Microseconds(), at(50), at(99), all.errors)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return value
}

// A client with one connection, which all of its requests share.
func dial(address, host string) *http.Client {
	var once sync.Once
	var connection *quic.Conn
	var failed error
	return &http.Client{Timeout: 10 * time.Second, Transport: &http3.Transport{
		DisableCompression: true,
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true, ServerName: host},
		Dial: func(ctx context.Context, _ string, tls *tls.Config, config *quic.Config) (*quic.Conn, error) {
			once.Do(func() { connection, failed = quic.DialAddr(context.WithoutCancel(ctx), address, tls, config) })
			return connection, failed
		},
	}}
}

func ask(client *http.Client, url string, header http.Header, end time.Time) (all seen) {
	for time.Now().Before(end) {
		begun := time.Now()
		request, err := http.NewRequest("GET", url, nil)
		if err != nil {
			panic(err)
		}
		request.Header = header
		answer, err := client.Do(request)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		if err != nil || answer.StatusCode > 399 {
			all.errors++
		}
		if err == nil {
			all.waits = append(all.waits, time.Since(begun))
		}
	}
	return all
}
