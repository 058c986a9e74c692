package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

// foundOrphans gives a part of the orphans.
func foundOrphans(t *testing.T, m *Module, q url.Values) (found struct {
	Orphans     []orphan
	All, Offset int
},
) {
	t.Helper()
	v, err := m.findOrphans(httptest.NewRequest(http.MethodGet, "/x?"+q.Encode(), nil), sign.Person{})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(v)
	if err := json.Unmarshal(data, &found); err != nil || len(data) > 64<<10 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	return found
}

func TestAnOrphanSaysSinceWhenFromWhomAndWhichRuleFits(t *testing.T) {
	m := over(t, map[string]any{"/api/piggyback": api.Payloads{Now: 1000, Payloads: []api.Payload{
		{Target: "clone", Source: "esx1", Where: "orphan", At: 991, Since: 500, Bytes: 7},
		{Target: "clone", Source: "esx2", Where: "orphan", At: 980, Since: 500, Bytes: 5},
		{Target: hostile, Source: "esx1", Where: "orphan", At: 990, Since: 100, AtLeast: true},
		{Target: "vm1", Source: "esx1", Where: "here", At: 990},
	}}, "/api/piggyback/dynamic": api.Dynamics{Refusals: []api.DynamicRefusal{{Name: "x", Others: []string{"clone"}, Rule: "r", Why: "there are 100 already"}}}})
	got := foundOrphans(t, m, url.Values{"order": {"new"}})
	want := []orphan{
		{Name: "clone", Sources: []string{"esx1", "esx2"}, Count: 2, At: 991, Since: 500, Bytes: 12, Rule: "r", Why: "there are 100 already"},
		{Name: hostile, Sources: []string{"esx1"}, Count: 1, At: 990, Since: 100, AtLeast: true},
	}
	if diff := cmp.Diff(want, got.Orphans); diff != "" || got.All != 2 {
		t.Error(diff)
	}
	for _, x := range []struct{ q, order, first string }{{"", "old", hostile}, {"", "seen", "clone"}, {"ESX2", "", "clone"}, {"onerror", "", hostile}} {
		if got := foundOrphans(t, m, url.Values{"q": {x.q}, "order": {x.order}}); got.Orphans[0].Name != x.first {
			t.Errorf("%+v: first comes %s", x, got.Orphans[0].Name)
		}
	}
}

func TestAnOrphanIsAsOldAsItsFirstPayloadAndTheSameWhoeverIsLookedFor(t *testing.T) {
	payloads := []api.Payload{
		{Target: "clone", Source: "esx1", Where: "orphan", At: 970, Since: 970, AtLeast: true},
		{Target: "clone", Source: "esx2", Where: "orphan", At: 995, Since: 980},
		{Target: "other", Source: "esx1", Where: "orphan", At: 995, Since: 980},
	}
	for _, part := range []string{"clone", "esx2", "x2"} {
		all := orphansOf(payloads, nil, part)
		if len(all) != 1 || all[0].Since != 970 || !all[0].AtLeast || all[0].Count != 2 {
			t.Errorf("%q: %d, the first %+v", part, len(all), all[0])
		}
	}
}

func TestALookAtManyPayloadsIsGoodForLonger(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{time.Millisecond: 4 * time.Second, 3 * time.Second: 15 * time.Second, time.Hour: time.Minute} {
		var b mailbox
		done := time.Now()
		b.keep(&api.Payloads{}, done.Add(-took), done)
		b.idle.Stop()
		if got := b.until.Sub(done); got != want {
			t.Errorf("a look that took %v is good for %v, want %v", took, got, want)
		}
	}
}

func TestAHundredThousandOrphansAreTurnedPageByPage(t *testing.T) {
	seen := api.Payloads{}
	for i := range 100_000 {
		seen.Payloads = append(seen.Payloads, api.Payload{Target: fmt.Sprintf("vm%06d", i), Source: "esx", Where: "orphan", Since: float64(i)})
	}
	m := over(t, map[string]any{"/api/piggyback": seen, "/api/piggyback/dynamic": api.Dynamics{}})
	for offset, want := range map[string]string{"": "vm000000", "99900": "vm099900", "7000000": "vm099900", "-3": "vm000000", "x": "vm000000"} {
		got := foundOrphans(t, m, url.Values{"offset": {offset}})
		if got.All != 100_000 || len(got.Orphans) != orphanRows || got.Orphans[0].Name != want {
			t.Errorf("offset %q: %d of %d from %s", offset, len(got.Orphans), got.All, got.Orphans[0].Name)
		}
	}
	b, err := m.lookAtMail(t.Context())
	if data, _ := json.Marshal(b); err != nil || len(data) > 16<<10 {
		t.Errorf("an open page gets %d bytes each time, %v", len(data), err)
	}
}

func TestWhatIsBeyondTheBoundOfPayloadsIsOnlyCounted(t *testing.T) {
	text := `{"now":7,"more":[1],"payloads":[{"target":"a","names":["a"]},{"target":"b","names":null},{"target":"c"}],"error":"cut off"}`
	d := mailDecoder{Decoder: json.NewDecoder(strings.NewReader(text)), same: map[string]string{}, most: 2}
	var seen api.Payloads
	if err := d.read(&seen); err != nil {
		t.Fatal(err)
	}
	if len(seen.Payloads) != 2 || d.left != 1 || seen.Now != 7 || seen.Error != "cut off" || seen.Payloads[0].Names[0] != "a" {
		t.Errorf("%+v", seen)
	}
	for _, wrong := range []string{"", "[", `{"payloads":[`, `{"payloads":[1]}`, `{"now":"x"}`} {
		d := mailDecoder{Decoder: json.NewDecoder(strings.NewReader(wrong)), same: map[string]string{}, most: 2}
		if err := d.read(&api.Payloads{}); err == nil {
			t.Errorf("%q is taken for payloads", wrong)
		}
	}
}

func TestAnAPIThatIsAwayIsSaidSo(t *testing.T) {
	m := over(t, map[string]any{"/api/piggyback": http.StatusServiceUnavailable})
	if _, err := m.mail(t.Context()); err == nil || !strings.Contains(err.Error(), "it is away") {
		t.Errorf("got %v", err)
	}
}

func TestOrphansOfOtherSitesAreGivenWithoutThoseOfThisOne(t *testing.T) {
	m := over(t, map[string]any{"/api/piggyback/orphans": []orphansAt{
		{Site: "paris", Names: []string{"mine"}}, {Site: "rome", Names: []string{"vm1", "vm2", hostile}}, {Site: "oslo", Error: "it does not answer"},
	}})
	v, err := m.findElsewhere(httptest.NewRequest(http.MethodGet, "/x?q=VM", nil), sign.Person{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"sites": []orphansAt{{Site: "rome", Names: []string{"vm1", "vm2"}, All: 2}, {Site: "oslo", Names: []string{}, Error: "it does not answer"}}}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}
