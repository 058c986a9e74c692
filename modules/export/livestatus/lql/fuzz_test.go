package lql_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// FuzzQuery carries out whatever it finds as a query: none may panic or take long, and what is said to be JSON is JSON.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"Columns: name state groups custom_variables services_with_info\nFilter: state != 0\nFilter: name ~~ (a|b)*\nOr: 2\nNegate:\nOutputFormat: json",
		"Stats: state = 0\nStats: sum load\nStats: avg perf_data\nStatsNegate:\nColumns: groups time\nSort: state desc\nLimit: 3\nOffset: 1\nOutputFormat: wrapped_json\nColumnHeaders: on",
		"WaitObject: db1\nWaitCondition: state = 0\nWaitConditionAnd: 1\nWaitTrigger: all\nWaitTimeout: 1\nLocaltime: 1800000000\nTimelimit: 1",
		"Separators: 10 59 44 124\nAuthUser: ada\nFilter: custom_variables = RACK a\nFilter: groups >= db\nAnd: 2\nSort: custom_variables RACK\nOutputFormat: CSV",
		"Filter: modified_attributes_list ~ 3\nFilter: name ilike x\nStatsAnd: 0\nOutputFormat: python\nFilter: time <= -9223372036854775808\nFilter: load < 1e400",
	} {
		f.Add(seed)
	}
	if data, err := os.ReadFile("../testdata/clients.txt"); err == nil {
		for _, block := range strings.Split(string(data), "\n## ")[1:] {
			_, request, _ := strings.Cut(block, "\n")
			_, headers, _ := strings.Cut(request, "\n")
			f.Add(headers)
		}
	}
	all := tables(things(), new(table.Narrow))
	f.Fuzz(func(t *testing.T, headers string) {
		if len(headers) > 64<<10 {
			return
		}
		lines := append([]string{"GET hosts"}, strings.Split(strings.TrimSuffix(headers, "\n"), "\n")...)
		q, refusal := lql.Parse(lines, all, now)
		if refusal != nil {
			if refusal.Text == "" || refusal.Code < 400 {
				t.Fatalf("refused without a reason: %+v", refusal)
			}
			return
		}
		if q.Wait != nil {
			_, _ = q.Ready(world)
		}
		a := q.Answer(t.Context(), world, lql.Limits{Bytes: 1 << 20, Time: time.Minute})
		var b strings.Builder
		if _, err := a.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		body := b.String()
		if q.Fixed16 {
			body = body[16:]
		}
		if int64(len(body)) != a.Size() {
			t.Fatalf("%d bytes instead of %d", len(body), a.Size())
		}
		if a.Code == lql.OK && body != "" && strings.HasPrefix(format(lines), "json") && !json.Valid([]byte(body)) {
			t.Fatalf("no JSON: %q", body)
		}
	})
}

// format is what the last OutputFormat says, as far as it says it.
func format(lines []string) string {
	found := ""
	for _, line := range lines {
		if after, ok := strings.CutPrefix(line, "OutputFormat:"); ok {
			found = strings.TrimPrefix(strings.TrimSpace(after), "wrapped_")
		}
	}
	return found
}
