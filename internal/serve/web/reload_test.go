package web

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
)

func write(t *testing.T, path, text string, later int) {
	t.Helper()
	at := time.Now().Add(time.Duration(later) * time.Second)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
		t.Fatal(err)
	}
}

func TestReadsNewTokensWithoutARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	write(t, file, "# comment\n\none S1 web*,db\n", 0)
	s := modules.Read(sinktest.Define("w", "x", "tokens_file "+file, "token fixed F1"))
	srv := Read(s, sinktest.Env(), "x", 1)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	want := func(secret, name string) {
		t.Helper()
		from, ok := srv.SignIn(&http.Request{Header: http.Header{"Authorization": {"Bearer " + secret}}})
		if ok != (name != "") || from.Name != name {
			t.Errorf("%s is from %q, %t; want %q", secret, from.Name, ok, name)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		for secret, name := range map[string]string{"S1": "one", "F1": "fixed", "S2": "", "#": "", "": ""} {
			want(secret, name)
		}
		if from, _ := srv.Known("S1"); !from.May(&sinktest.Sink{})("web7") || from.May(&sinktest.Sink{})("mail") {
			t.Error("the patterns of hosts are not its own")
		}
		write(t, file, "two S2\n", 5)
		time.Sleep(2 * lookAgain)
		want("S2", "two")
		want("S1", "")
		write(t, file, "broken\n", 10)
		time.Sleep(2 * lookAgain)
		want("S2", "two")
	})
}
