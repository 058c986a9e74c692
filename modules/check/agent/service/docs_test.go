package service

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor/perfdata"
)

// rows gives the rows of the tables of kinds in docs/agent.md, by the kind that they begin with.
func rows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/agent.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(rest, "`")
			rows[name] = line
		}
	}
	return rows
}

func TestTheDocumentationNamesAllKindsSectionsAndOptions(t *testing.T) {
	table := rows(t)
	for _, k := range Kinds() {
		row, ok := table[k.Name]
		if !ok {
			t.Errorf("docs/agent.md has no row for the kind %s", k.Name)
			continue
		}
		for _, name := range k.Sections {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the row of %s does not name its section %s", k.Name, name)
			}
		}
		for name := range k.Takes {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the row of %s does not name its option %s", k.Name, name)
			}
		}
	}
}

func TestTheDocumentationNamesThePerformanceData(t *testing.T) {
	table := rows(t)
	for _, k := range linuxKinds() {
		if k.Name == "local" || k.Name == "mrpe" || k.Name == "tcp_conn_stats" {
			continue
		}
		for _, label := range labels(t, k) {
			if !strings.Contains(table[k.Name], "`"+label+"`") {
				t.Errorf("the row of %s does not name its metric %s", k.Name, label)
			}
		}
	}
}

// labels are the metrics of all services that a kind offers for a host that has been seen twice, except those named as an item.
func labels(t *testing.T, k Kind) []string {
	t.Helper()
	output, err := os.ReadFile("testdata/linux.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var counters Counters
	for look := range 2 {
		now := time.Unix(1700000000+60*int64(look), 0)
		var set section.Set
		text := strings.ReplaceAll(string(output), "@NOW", string(appendNumber(nil, float64(now.Unix()))))
		section.ParseText(strings.ReplaceAll(text, "@LOOK", string(rune('1'+look))), &set, section.Options{Now: now})
		in := Input{Sections: &set, Now: now, Counters: &counters}
		found := k.Discover(&in)
		if k.Name == "ps" {
			found = []Found{{Item: "nginx"}}
		}
		if len(found) == 0 {
			t.Errorf("testdata/linux.txt has nothing for the kind %s", k.Name)
		}
		for _, f := range found {
			var r Report
			in.Item, in.Options = f.Item, f.Options
			k.Check(&in, &r)
			metrics, err := perfdata.Parse(r.Outcome().Perfdata)
			if err != nil {
				t.Error(err)
			}
			for _, m := range metrics {
				if m.Label != f.Item && !slices.Contains(all, m.Label) {
					all = append(all, m.Label)
				}
			}
		}
	}
	return all
}
