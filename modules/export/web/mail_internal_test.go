package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

// lookedAt gives what the page shows of payloads.
func lookedAt(t *testing.T, seen api.Payloads, dynamic api.Dynamics) *box {
	t.Helper()
	m := over(t, map[string]any{"/api/piggyback": seen, "/api/piggyback/dynamic": dynamic})
	v, err := m.lookAtMail(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.(*box)
}

func TestPayloadsAreTakenApartByWhatBecomesOfThem(t *testing.T) {
	b := lookedAt(t, api.Payloads{
		Now:     1000,
		Sources: []api.Source{{Name: "esx1", At: 990, Targets: 3}, {Name: "esx2", Site: "rome", At: 500, Silent: true}},
		Payloads: []api.Payload{
			{Target: "vm1", Source: "esx1", Where: "here", Names: []string{"vm1"}, At: 990, Bytes: 10, Usable: true, Fresh: true},
			{Target: "vm1", Source: "esx2", Site: "rome", Where: "here", Names: []string{"VM1", "other"}, At: 400, Bytes: 20, Usable: true},
			{Target: "vm2", Source: "esx2", Site: "rome", Where: "here", At: 300, Bytes: 5},
			{Target: "vm3", Source: "esx1", Where: "waiting", To: "paris", At: 970},
			{Target: "vm4", Source: "esx1", Where: "waiting", To: "paris", At: 960},
			{Target: hostile, Source: "esx1", Where: "orphan", At: 990, Names: []string{hostile}},
			{Target: "clone", Source: "esx1", Where: "orphan", At: 991},
		},
	}, api.Dynamics{Refusals: []api.DynamicRefusal{{Name: "clone", Source: "esx1", Rule: "r", Why: "there are 100 already", Hosts: 1}}})
	if diff := cmp.Diff(map[string]int{"fresh": 1, "valid": 1, "old": 1, "waiting": 2, "orphan": 2}, b.Classes); diff != "" {
		t.Error(diff)
	}
	if b.Payloads != 3 || b.Targets != 2 || b.Shared != 1 || b.Bytes != 35 || b.Well {
		t.Errorf("%+v", b)
	}
	if want := "3 payloads of 2 sources for 2 hosts · 1 too old · 1 left out by their source · 1 silent · 1 in conflict · 2 orphans · 2 payloads for other sites wait"; b.Line != want {
		t.Errorf("got %q", b.Line)
	}
	if b.Sources[0].Name != "esx2" || b.Sources[0].Oldest != 300 || b.Sources[1].Classes["orphan"] != 2 {
		t.Errorf("sources %+v", b.Sources)
	}
	if b.OrphanCount != 2 {
		t.Errorf("%d orphans", b.OrphanCount)
	}
	if diff := cmp.Diff([]waitsFor{{Site: "paris", Count: 2, Oldest: 960}}, b.Waiting); diff != "" {
		t.Error(diff)
	}
	if len(b.Conflicts) != 1 || b.Conflicts[0].Host != "vm1" {
		t.Errorf("conflicts %+v", b.Conflicts)
	}
	if b.Missing["links"] == "" {
		t.Error("links that cannot be read are not missing")
	}
}

// thousands gives 10,000 payloads of as many sources, with names that are all hostile.
func thousands() (seen api.Payloads) {
	for i := range 10000 {
		name := fmt.Sprint(hostile, i)
		seen.Sources = append(seen.Sources, api.Source{Name: name, At: 1})
		where := []string{"here", "orphan", "waiting"}[i%3]
		seen.Payloads = append(seen.Payloads, api.Payload{Target: name, Source: name, Where: where, To: name, Names: []string{name, fmt.Sprint(i)}})
	}
	return seen
}

func TestThousandsOfPayloadsGiveABoundedAnswer(t *testing.T) {
	b := lookedAt(t, thousands(), api.Dynamics{Hosts: make([]api.DynamicHost, 9000), Refusals: make([]api.DynamicRefusal, 9000)})
	if len(b.Sources) != mostMail || len(b.Conflicts) != mostMail || len(b.Waiting) != mostMail || len(b.Dynamic.Hosts) != mostMail || len(b.Dynamic.Refusals) != mostMail {
		t.Errorf("%d sources, %d conflicts, %d queues, %d hosts, %d refusals", len(b.Sources), len(b.Conflicts), len(b.Waiting), len(b.Dynamic.Hosts), len(b.Dynamic.Refusals))
	}
	if b.SourceCount != 10000 || b.OrphanCount != 3333 || b.DynamicCount != 9000 {
		t.Errorf("%d sources, %d orphans, %d hosts in all", b.SourceCount, b.OrphanCount, b.DynamicCount)
	}
	if data, err := json.Marshal(b); err != nil || len(data) > 1<<20 {
		t.Errorf("the page gets %d bytes, %v", len(data), err)
	}
}

func TestPayloadsAreFound(t *testing.T) {
	m := over(t, map[string]any{"/api/piggyback": api.Payloads{Payloads: []api.Payload{
		{Target: "b", Source: "esx1", Where: "here", Usable: true, Fresh: true},
		{Target: "a", Source: "esx1", Where: "here", Usable: true, Fresh: true},
		{Target: "z", Source: "esx1", Site: "rome", Where: "here"},
		{Target: hostile, Source: "esx2", Where: "orphan"},
	}}})
	for _, x := range []struct {
		query url.Values
		want  []string
	}{
		{nil, []string{"z", "a", "b", hostile}},
		{url.Values{"q": {"ONERROR"}}, []string{hostile}},
		{url.Values{"source": {"esx1"}}, []string{"z", "a", "b"}},
		{url.Values{"source": {"esx1"}, "site": {""}}, []string{"a", "b"}},
		{url.Values{"class": {"old"}}, []string{"z"}},
		{url.Values{"q": {"nothing"}}, []string{}},
	} {
		v, err := m.findPayloads(httptest.NewRequest(http.MethodGet, "/x?"+x.query.Encode(), nil), sign.Person{})
		if err != nil {
			t.Fatal(err)
		}
		data, _ := json.Marshal(v)
		var found struct {
			Payloads []api.Payload
			All      int
		}
		if err := json.Unmarshal(data, &found); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, p := range found.Payloads {
			got = append(got, p.Target)
		}
		if diff := cmp.Diff(x.want, got); diff != "" || found.All != len(x.want) {
			t.Errorf("%v: %s", x.query, diff)
		}
	}
}

func TestRulesAreTriedByWhoeverMayCommand(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/piggyback/try", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"problems": []string{}, "names": []api.TriedName{
			{Source: "s", Name: "x", Before: []string{"x"}, After: []string{"y"}}, {Source: "s", Name: "z", Before: []string{"z"}, After: []string{"z"}},
		}})
	})
	m := &Module{outlook: modules.Outlook{API: mux}}
	ask := func(body string) (any, error) {
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return m.tryRules(r, sign.Person{})
	}
	v, err := ask(`{"rules":"define piggyback_translation {}"}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.(*trial); got.All != 2 || got.Changed != 1 || len(got.Names) != 1 || got.Names[0].Name != "x" {
		t.Errorf("%+v", got)
	}
	if _, err := ask(fmt.Sprintf(`{"rules":%q}`, strings.Repeat("x", mostRules+1))); err == nil {
		t.Error("definitions of any length are taken")
	}
}
