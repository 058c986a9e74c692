package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/nodes"
)

// Troubles are those of a worker that has one.
func (w worker) Troubles() []string {
	w.diary.mu.Lock()
	defer w.diary.mu.Unlock()
	return append([]string(nil), w.diary.troubles...)
}

func (d *diary) trouble(lines ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.troubles = lines
}

func TestWhatSomebodyShouldLookAtTravelsWithTheHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "broker")
		shows := func(want ...string) {
			t.Helper()
			time.Sleep(2 * beatEvery)
			all, err := nodes.Look(t.Context(), n.bus)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d roles, %v", len(all), err)
			}
			if diff := cmp.Diff(want, all[0].Troubles); diff != "" {
				t.Error(diff)
			}
		}
		shows()
		n.diary.trouble("module web does not work: the port is taken", strings.Repeat("x", 1000))
		shows("module web does not work: the port is taken", strings.Repeat("x", mostTrouble)+"…")
		n.diary.trouble(strings.Split("abcdefghijklmnop", "")...)
		shows(strings.Split("abcdefgh", "")...)
		n.diary.trouble()
		shows()
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatSomebodyShouldLookAtIsInHealthAndMakesNobodyIll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "arbiter")
		n.diary.trouble("refused its files")
		w := httptest.NewRecorder()
		n.server.health(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"arbiter":"ok; refused its files"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}
