package console_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

// served gives a client of an API that answers everything with a text.
func served(t *testing.T, text string) *console.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	t.Cleanup(s.Close)
	return &console.Client{Addr: strings.TrimPrefix(s.URL, "http://")}
}

func TestOrphansOfAllSitesAreNamedOnceAndSorted(t *testing.T) {
	c := served(t, `[{"site":"berlin","names":["vm9","vm3"]},{"site":"paris","names":["vm3"],"error":"more than these 1; ask there for all"},{"site":"oslo","names":null,"error":"nobody answers"}]`)
	names, troubles, err := c.OrphansEverywhere(t.Context())
	if diff := cmp.Diff([]string{"vm3", "vm9"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]string{"site paris: more than these 1; ask there for all", "site oslo: nobody answers"}, troubles); diff != "" {
		t.Error(diff)
	}
}

func TestLinksSayWhichSitesAreThereAndWhatWaits(t *testing.T) {
	var b bytes.Buffer
	console.LinkTable(&b, &api.Links{Now: 10_000, Links: []api.Link{
		{Site: "oslo", There: true, Way: "dials", Address: "10.0.0.7:50000", Since: 9_940, Seen: 9_999, RTT: 0.0123, Hosts: 300, In: 12, Out: 7, Trouble: "a parcel was lost on the way"},
		{Site: "paris", Seen: 9_400, Hosts: 2, Waiting: 5, Oldest: 9_410, Trouble: "a parcel was lost on the way"},
	}}, console.Style{})
	want := `  SITE   STATE     FOR  WAY                      RTT  HOSTS  IN  OUT  WAITING  OLDEST  TROUBLE
  oslo   UP      1m00s  dials 10.0.0.7:50000  12.3ms    300  12    7        0       -
  paris  DOWN   10m00s  -                          -      2   0    0        5   9m50s  a parcel was lost on the way
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
