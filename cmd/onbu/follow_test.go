package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/onbu/onbu/monitor/api"
)

// shaky is a broker that is stopped in the middle of an answer.
type shaky struct {
	mu    sync.Mutex
	asked []string
}

// log answers the first time with three of four entries, two of which share a place, the second time not at all, and then with all behind
// the place that is asked for.
func (s *shaky) log(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Query().Get("after"))
	n := len(s.asked)
	s.mu.Unlock()
	all := []api.Deed{{Seq: 4, About: "first"}, {Seq: 5, About: "second"}, {Seq: 5, About: "third"}, {Seq: 6, About: "fourth"}}
	switch n {
	case 1:
		s.give(w, all[:2])
		panic(http.ErrAbortHandler)
	case 2:
		w.WriteHeader(http.StatusServiceUnavailable)
	case 3:
		s.give(w, all[1:])
		<-r.Context().Done()
	}
}

func (*shaky) give(w http.ResponseWriter, all []api.Deed) {
	for _, d := range all {
		_ = json.NewEncoder(w).Encode(d)
	}
	_ = http.NewResponseController(w).Flush()
}

func TestFollowingGoesOnOverARestartOfTheBroker(t *testing.T) {
	var s shaky
	server := httptest.NewServer(http.HandlerFunc(s.log))
	defer server.Close()
	cmd := exec.Command(binary, "cluster", "log", "--follow", "--json", "--http", server.Listener.Addr().String())
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for dec := json.NewDecoder(out); len(got) < 4; {
		var d api.Deed
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		got = append(got, d.About)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if text := fmt.Sprint(got, s.asked); text != "[first second third fourth] [ 4 4]" {
		t.Errorf("got %s", text)
	}
	if strings.Count(said.String(), "asking again") != 1 {
		t.Errorf("it says %q", &said)
	}
}

func TestWhatNoEntryCanHaveIsRefusedAndNodesThatHaveSomeAreNamed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("node") == "" {
			_, _ = io.WriteString(w, `{"node":"beta","kind":"up","seq":1}{"node":"alpha","kind":"up","seq":2}`)
		}
	}))
	defer server.Close()
	out, code := call(t, "cluster", "log", "--node", "nosuch", "--http", server.Listener.Addr().String())
	if code != 0 || !strings.Contains(out, "the log has entries of alpha, beta") {
		t.Errorf("exit status %d: %s", code, out)
	}
}
