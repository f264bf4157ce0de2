// An HTTP/3 client on quic-go; see ../../README.md for what it reads and prints.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

type request struct {
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Headers [][2]string `json:"headers"`
	Body    int         `json:"body"`
}

type answer struct {
	Status   int    `json:"status"`
	Revision string `json:"revision"`
	Length   int64  `json:"length"`
}

func main() {
	address, host := os.Args[1], os.Args[3]
	pem, err := os.ReadFile(os.Args[2])
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: host},
		Dial: func(ctx context.Context, _ string, tls *tls.Config, config *quic.Config) (*quic.Conn, error) {
			return quic.DialAddr(ctx, address, tls, config)
		},
	}
	defer transport.Close()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var wanted request
		check(json.Unmarshal(lines.Bytes(), &wanted))
		got, err := ask(client, host, wanted)
		check(err)
		line, err := json.Marshal(got)
		check(err)
		fmt.Println(string(line))
	}
}

func ask(client *http.Client, host string, wanted request) (answer, error) {
	var body io.Reader
	if wanted.Body > 0 {
		body = bytes.NewReader(bytes.Repeat([]byte("x"), wanted.Body))
	}
	made, err := http.NewRequest(wanted.Method, "https://"+host+wanted.Path, body)
	if err != nil {
		return answer{}, err
	}
	for _, header := range wanted.Headers {
		made.Header.Add(header[0], header[1])
	}
	got, err := client.Do(made)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	length, err := io.Copy(io.Discard, got.Body)
	return answer{got.StatusCode, got.Header.Get("X-Revision"), length}, err
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
