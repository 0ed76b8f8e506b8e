// A TLS server and client on Go's net/http:
//
//	tls serve ADDRESS CERTIFICATE KEY
//	tls ask ADDRESS METHOD FIRST LAST BODY_BYTES CONNECTIONS kept|fresh
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

var status = [10]int{200, 200, 200, 200, 201, 201, 201, 404, 404, 404}

func main() {
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "serve":
		http.HandleFunc("/items/", serve)
		log.Fatal(http.ListenAndServeTLS(arguments[0], arguments[1], arguments[2], nil))
	case "ask":
		ask(arguments)
	}
}

func serve(response http.ResponseWriter, request *http.Request) {
	item := strings.TrimPrefix(request.URL.Path, "/items/")
	io.Copy(io.Discard, request.Body)
	id, err := strconv.Atoi(item)
	if err != nil {
		http.NotFound(response, request)
		return
	}
	response.WriteHeader(status[id%10])
	io.WriteString(response, item)
}

func ask(arguments []string) {
	address, method, manner := arguments[0], arguments[1], arguments[6]
	first, last, size, connections := number(arguments[2]), number(arguments[3]), number(arguments[4]), number(arguments[5])
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives:   manner != "kept",
		MaxIdleConnsPerHost: connections,
	}}
	ids := make(chan int)
	var workers sync.WaitGroup
	for worker := 0; worker < connections; worker++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for id := range ids {
				askOne(client, method, fmt.Sprintf("https://%s/items/%d", address, id), size, id)
			}
		}()
	}
	for id := first; id < last; id++ {
		ids <- id
	}
	close(ids)
	workers.Wait()
}

func askOne(client *http.Client, method, url string, size, id int) {
	request, err := http.NewRequest(method, url, strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || string(content) != strconv.Itoa(id) || response.StatusCode != status[id%10] {
		log.Fatalf("%d was answered by %d %q, %v", id, response.StatusCode, content, err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}
