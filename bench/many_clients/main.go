// Many clients of one gateway, each with a connection and a certificate of its own, which no load generator that we know of can be told
// to be. Opens all connections, then keeps a number of requests under way, one connection after the other having its turn.
// Prints one line of JSON.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

var (
	address      = flag.String("address", "", "host:port of the gateway")
	serverName   = flag.String("server-name", "", "in the handshake, and the Host")
	path         = flag.String("path", "/", "what is asked for")
	authority    = flag.String("authority", "", "PEM file: what the gateway's certificate has to lead to")
	certificates = flag.String("certificates", "", "PEM file: the clients' certificates, whose turn comes one after another")
	key          = flag.String("key", "", "PEM file: the key of all of them")
	connections  = flag.Int("connections", 5000, "how many are open")
	underWay     = flag.Int("under-way", 32, "requests at once")
	lasting      = flag.Duration("for", 5*time.Second, "how long it asks")
)

type connection struct {
	tls    *tls.Conn
	reader *bufio.Reader
}

func main() {
	flag.Parse()
	config := configuration()
	opened := open(config, blocksIn(*certificates))
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nhost: %s\r\n\r\n", *path, *serverName)

	// One round first: a connection's first request costs more.
	ask(opened, request, time.Now())
	begun := time.Now()
	latencies := ask(opened, request, begun.Add(*lasting))
	seconds := time.Since(begun).Seconds()
	slices.Sort(latencies)
	percentile := func(p float64) float64 {
		return latencies[int(p*float64(len(latencies)-1))].Seconds()
	}
	result := map[string]float64{"requests": float64(len(latencies)), "seconds": seconds, "p50": percentile(0.5), "p99": percentile(0.99)}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}

func configuration() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bytesOf(*authority))
	return &tls.Config{RootCAs: roots, ServerName: *serverName, NextProtos: []string{"http/1.1"}}
}

func open(config *tls.Config, blocks [][]byte) []*connection {
	opened := make([]*connection, *connections)
	keyPem := bytesOf(*key)
	inTurns(func(turn int) {
		for i := turn; i < len(opened); i += *underWay {
			pair, err := tls.X509KeyPair(blocks[i%len(blocks)], keyPem)
			if err != nil {
				log.Fatal(err)
			}
			own := config.Clone()
			own.Certificates = []tls.Certificate{pair}
			dialled, err := tls.Dial("tcp", *address, own)
			if err != nil {
				log.Fatal(err)
			}
			opened[i] = &connection{dialled, bufio.NewReaderSize(dialled, 4096)}
		}
	})
	return opened
}

// Until then, and every connection once.
func ask(opened []*connection, request []byte, until time.Time) []time.Duration {
	var all []time.Duration
	var mutex sync.Mutex
	inTurns(func(turn int) {
		var latencies []time.Duration
		for first := true; first || time.Now().Before(until); first = false {
			for i := turn; i < len(opened) && (first || time.Now().Before(until)); i += *underWay {
				latencies = append(latencies, opened[i].ask(request))
			}
		}
		mutex.Lock()
		all = append(all, latencies...)
		mutex.Unlock()
	})
	return all
}

func (c *connection) ask(request []byte) time.Duration {
	begun := time.Now()
	if _, err := c.tls.Write(request); err != nil {
		log.Fatal(err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		log.Fatalf("answered %d", response.StatusCode)
	}
	return time.Since(begun)
}

func inTurns(do func(turn int)) {
	var group sync.WaitGroup
	for turn := range *underWay {
		group.Go(func() { do(turn) })
	}
	group.Wait()
}

func blocksIn(path string) [][]byte {
	var blocks [][]byte
	for rest := bytesOf(path); ; {
		block, more := pem.Decode(rest)
		if block == nil {
			return blocks
		}
		blocks = append(blocks, pem.EncodeToMemory(block))
		rest = more
	}
}

func bytesOf(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}
