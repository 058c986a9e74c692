package lql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// now is the moment of all tests.
var now = time.Unix(1_800_000_000, 0)

// thing is a row of the table of these tests. Its place is the number in its line of the history.
type thing struct {
	name, output, perf string
	state              int64
	at                 int64
	load               float64
	groups             []string
	vars               []monitor.Var
	pairs              []string
	info               []any
	modified           int64
}

func things() []thing {
	return []thing{
		{name: "db1", output: "OK - fine", state: 0, at: 1000, load: 0.5, groups: []string{"db", "linux"}, perf: "rta=1.5ms;2;3 pl=0%", vars: []monitor.Var{{Name: "RACK", Value: "a1"}}},
		{name: "db2", output: "CRIT - disk", state: 2, at: 2000, load: 1.5, groups: []string{"db"}, perf: "rta=2.5ms", modified: 3},
		{name: "web1", output: "WARN - \"slow\"\nline;two", state: 1, at: 3000, load: 2, pairs: []string{"web1|http"}, info: []any{[]any{"http", 1, "slow; very"}}},
		{name: "web2", output: "ok für ☃ 😀", state: 0, at: 4000, load: 1e-9, vars: []monitor.Var{{Name: "RACK", Value: "b2"}}, modified: 1},
	}
}

// tables gives the one table of things; asked is what the last query narrowed it to.
func tables(all []thing, asked *table.Narrow) map[string]*table.Table {
	of := func(r *table.Row) *thing { return &all[r.Line.ID] }
	t := &table.Table{Name: "hosts", Prefix: "host_", Columns: []table.Column{
		{Name: "class", Kind: table.Int, Int: func(r *table.Row) int64 { return of(r).state }},
		{Name: "custom_variables", Kind: table.Dict, Dict: func(r *table.Row) []monitor.Var { return of(r).vars }},
		{Name: "groups", Kind: table.List, List: func(r *table.Row) []string { return of(r).groups }},
		{Name: "load", Kind: table.Float, Float: func(r *table.Row) float64 { return of(r).load }},
		{Name: "modified_attributes", Kind: table.Int, Int: func(r *table.Row) int64 { return of(r).modified }},
		{Name: "modified_attributes_list", Kind: table.List, List: func(*table.Row) []string { return nil }},
		{Name: "name", Kind: table.String, Text: func(r *table.Row) string { return of(r).name }},
		{Name: "perf_data", Kind: table.String, Text: func(r *table.Row) string { return of(r).perf }},
		{Name: "plugin_output", Kind: table.String, Text: func(r *table.Row) string { return of(r).output }},
		{Name: "services", Kind: table.List, List: func(r *table.Row) []string { return of(r).pairs }},
		{
			Name: "services_with_info", Kind: table.List, List: func(*table.Row) []string { return nil },
			Value: func(r *table.Row) any { return of(r).info },
		},
		{Name: "state", Kind: table.Int, Int: func(r *table.Row) int64 { return of(r).state }},
		{Name: "time", Kind: table.Time, Int: func(r *table.Row) int64 { return of(r).at }},
	}}
	t.Each = func(w *table.World, n table.Narrow, yield func(*table.Row) bool) {
		*asked = n
		for i := range all {
			if !yield(&table.Row{World: w, Line: &table.Line{ID: int64(i)}}) {
				return
			}
		}
	}
	t.Find = func(w *table.World, _ table.Narrow, object string) (*table.Row, bool) {
		for i := range all {
			if all[i].name == object {
				return &table.Row{World: w, Line: &table.Line{ID: int64(i)}}, true
			}
		}
		return nil, false
	}
	return map[string]*table.Table{t.Name: t}
}

var world = &table.World{Now: now, View: &view.Snapshot{}, Catalog: &catalog.Catalog{}}

var limits = lql.Limits{Bytes: 1 << 20, Time: time.Minute}

// ask gives the answer to a query about things, with its header.
func ask(t testing.TB, query string) string {
	t.Helper()
	answer, _ := narrowed(t, query)
	return answer
}

func narrowed(t testing.TB, query string) (string, table.Narrow) {
	t.Helper()
	var n table.Narrow
	q, refusal := lql.Parse(strings.Split(strings.TrimSuffix(query, "\n"), "\n"), tables(things(), &n), now)
	var answer *lql.Answer
	if refusal != nil {
		answer = lql.Refuse(refusal, q.Fixed16)
	} else {
		answer = q.Answer(t.Context(), world, limits)
	}
	var b strings.Builder
	if _, err := answer.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if int64(b.Len()) != answer.Size() && !answer.Fixed16 {
		t.Errorf("an answer of %d bytes says that it has %d", b.Len(), answer.Size())
	}
	return b.String(), n
}

func TestFiltersPassWhatNaemonWouldPass(t *testing.T) {
	for filters, want := range map[string]string{
		"Filter: state = 0":                      "db1 web2",
		"Filter: state != 0":                     "db2 web1",
		"Filter: state !>= 1":                    "db1 web2",
		"Filter: state <= 1":                     "db1 web1 web2",
		"Filter: state !< 2":                     "db2",
		"Filter: host_name = db1":                "db1",
		"Filter: host_host_name = db1":           "db1",
		"Filter: name =~ DB1":                    "db1",
		"Filter: name !=~ DB1":                   "db2 web1 web2",
		"Filter: name ~ ^db":                     "db1 db2",
		"Filter: name !~ ^db":                    "web1 web2",
		"Filter: name ~~ B1$":                    "db1 web1",
		"Filter: name ~~ ^DB1$":                  "db1",
		"Filter: name ~ ^db1$":                   "db1",
		"Filter: name ~ 2$":                      "db2 web2",
		"Filter: name !~~ (WEB|x)[12]":           "db1 db2",
		"Filter: name ~ d.1":                     "db1",
		"Filter: plugin_output ~~ DISK":          "db2",
		"Filter: plugin_output ~~ FÜR":           "web2",
		"Filter: name < db2":                     "db1",
		"Filter: name >= web1":                   "web1 web2",
		"Filter: name like eb":                   "web1 web2",
		"Filter: name iunlike EB":                "db1 db2",
		"Filter: load > 1":                       "db2 web1",
		"Filter: load <= 0.5":                    "db1 web2",
		"Filter: load != 2":                      "db1 db2 web2",
		"Filter: groups >= db":                   "db1 db2",
		"Filter: groups !>= db":                  "web1 web2",
		"Filter: groups < db":                    "web1 web2",
		"Filter: groups =":                       "web1 web2",
		"Filter: groups != ":                     "db1 db2",
		"Filter: groups ~ ^lin":                  "db1",
		"Filter: services >= web1|http":          "web1",
		"Filter: services >= web1;http":          "web1",
		"Filter: services < web1;http":           "db1 db2 web2",
		"Filter: custom_variables = RACK a1":     "db1",
		"Filter: custom_variables ~ _RACK ^[ab]": "db1 web2",
		"Filter: custom_variables = RACK ":       "db2 web1",
		"Filter: custom_variables != RACK a1":    "db2 web1 web2",
		"Filter: modified_attributes ~ 3":        "db2",
		"Filter: modified_attributes ~~ 3":       "db2 web2",
		"Filter: modified_attributes_list >= 2":  "db2",
		"Filter: modified_attributes ~ notifications_enabled,active_checks_enabled": "db2",
		"Filter: nosuch = 1":  "",
		"Filter: nosuch != 1": "db1 db2 web1 web2",
		"Filter: state ~ 1":   "db1 db2 web1 web2",
		"Filter: state !~ 1":  "",
		"And: 0":              "db1 db2 web1 web2",
		"Or: 0":               "",
		"Filter: state = 0\nFilter: state = 2\nOr: 2":                                     "db1 db2 web2",
		"Filter: state = 0\nFilter: name = db1\nAnd: 2":                                   "db1",
		"Filter: state = 0\nNegate:":                                                      "db2 web1",
		"Filter: state = 0\nNegate: \nNegate:":                                            "db1 web2",
		"Filter: state = 0\nFilter: state = 1\nFilter: state = 2\nOr: 2\nNegate:\nAnd: 2": "db1 web2",
	} {
		got := strings.ReplaceAll(strings.TrimSuffix(ask(t, "GET hosts\n"+filters+"\nColumns: name"), "\n"), "\n", " ")
		if got != want {
			t.Errorf("%s: got %q, want %q", strings.ReplaceAll(filters, "\n", " | "), got, want)
		}
	}
}

func TestAnswersHaveTheFormThatWasAskedFor(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"csv", "Columns: name groups state\nLimit: 2", "db1;db,linux;0\ndb2;db;2\n"},
		{"csv keeps rows apart", "Columns: plugin_output services services_with_info custom_variables nosuch\nFilter: state = 1", "WARN - \"slow\"\\nline;two;web1|http;http|1|slow; very;;\n"},
		{"separators", "Columns: name groups\nSeparators: 1 2 3 4\nLimit: 1", "db1\x02db\x03linux\x01"},
		{"csv headers", "Columns: host_name nosuch\nColumnHeaders: on\nLimit: 1", "name;nosuch\ndb1;\n"},
		{"strict csv", "OutputFormat: CSV\nColumns: name groups plugin_output\nFilter: state > 0", "db2,db,CRIT - disk\r\nweb1,,\"WARN - \"\"slow\"\"\\nline;two\"\r\n"},
		{
			"json", "OutputFormat: json\nColumns: name groups load custom_variables services_with_info nosuch time",
			`[["db1",["db","linux"],0.5,{"RACK":"a1"},[],null,1000],` + "\n" + `["db2",["db"],1.5,{},[],null,2000],` + "\n" +
				`["web1",[],2,{},[["http",1,"slow; very"]],null,3000],` + "\n" + `["web2",[],1e-09,{"RACK":"b2"},[],null,4000]]` + "\n",
		},
		{"json of nothing", "OutputFormat: json\nColumns: name\nFilter: name = x", "[]\n"},
		{"json texts", "OutputFormat: json\nColumns: plugin_output\nFilter: name ~ web", `[["WARN - \"slow\"\u000aline;two"],` + "\n" + `["ok f\u00fcr \u2603 😀"]]` + "\n"},
		{"python", "OutputFormat: python\nColumns: plugin_output nosuch\nFilter: name = web2", `[[u"ok f\u00fcr \u2603 \U0001f600",None]]` + "\n"},
		{"python3", "OutputFormat: python3\nColumns: name\nLimit: 1", `[["db1"]]` + "\n"},
		{"json headers", "OutputFormat: json\nColumns: name\nColumnHeaders: on\nLimit: 1", `[["name"],` + "\n" + `["db1"]]` + "\n"},
		{"wrapped", "OutputFormat: wrapped_json\nColumns: name\nLimit: 1\nOffset: 1", `{"data":[["db2"]],"total_count":4}` + "\n"},
		{"wrapped headers", "OutputFormat: wrapped_json\nColumns: name state\nColumnHeaders: on\nLimit: 0", `{"columns":["name","state"],"data":[],"total_count":4}` + "\n"},
		{"fixed16", "ResponseHeader: fixed16\nColumns: name\nLimit: 1", "200           4\ndb1\n"},
		{"fixed16 of nothing", "Columns: name\nFilter: name = x\nResponseHeader: fixed16", "200           0\n"},
		{"offset beyond", "Columns: name\nOffset: 9", ""},
		{"limit zero", "Columns: name\nLimit: 0", ""},
		{"sort", "Columns: name\nSort: state desc\nSort: name", "db2\nweb1\ndb1\nweb2\n"},
		{"sort with a limit", "Columns: name\nSort: name desc\nLimit: 2\nOffset: 1", "web1\ndb2\n"},
		{"sort by a variable", "Columns: name\nSort: custom_variables RACK desc\nLimit: 2", "web2\ndb1\n"},
		{"sorted json", "Columns: name\nSort: load\nOutputFormat: json", `[["web2"],` + "\n" + `["db1"],` + "\n" + `["db2"],` + "\n" + `["web1"]]` + "\n"},
		{"sort by what is not there", "Columns: name\nSort: nosuch desc\nLimit: 2", "db1\ndb2\n"},
		{"local time", fmt.Sprintf("Columns: time\nLocaltime: %d\nFilter: time = 4600", now.Unix()+3500), "4600\n"},
		{"columns twice", "Columns: name\nColumns: state\nLimit: 1", "db1;0\n"},
	} {
		if diff := cmp.Diff(c.want, ask(t, "GET hosts\n"+c.query)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAllColumnsComeWithTheirNamesWhenNoneIsAskedFor(t *testing.T) {
	lines := strings.Split(ask(t, "GET hosts"), "\n")
	want := "class;custom_variables;groups;load;modified_attributes;modified_attributes_list;name;perf_data;plugin_output;services;services_with_info;state;time"
	if lines[0] != want || len(lines) != 6 {
		t.Errorf("%d lines, the first %q", len(lines), lines[0])
	}
	if got := strings.Count(ask(t, "GET hosts\nColumnHeaders: off"), "\n"); got != 4 {
		t.Errorf("%d lines without headers", got)
	}
}

func TestStatisticsCountAndGroup(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"counts", "Stats: state = 0\nStats: state = 1\nStats: state > 5", "2;1;0\n"},
		{"and, or, negate", "Stats: state = 0\nStats: name ~ ^db\nStatsAnd: 2\nStats: state = 1\nStats: state = 2\nStatsOr: 2\nStatsNegate:", "1;2\n"},
		{"sum min max", "Stats: sum state\nStats: min state\nStats: max time\nStats: sum load", "3;0;4000;4.000000001\n"},
		{"avg std", "OutputFormat: json\nStats: avg state\nStats: std state\nFilter: load >= 0.5", "[[1,1]]\n"},
		{"inverse", "Filter: load >= 0.5\nStats: suminv load\nStats: avginv time\nFilter: state > 1", "0.6666666666666666;0.0005\n"},
		{"over nothing", "OutputFormat: json\nFilter: name = x\nStats: avg state\nStats: std load\nStats: min state\nStats: state = 0", "[[0,0,0,0]]\n"},
		{"perfdata", "Stats: sum perf_data\nStats: max perf_data", "pl=0.00000000 rta=4.00000000;pl=0.00000000 rta=2.50000000\n"},
		{"unknown", "Stats: sum nosuch\nStats: nosuch = 1", "0;0\n"},
		{"groups are texts", "OutputFormat: json\nColumns: state\nStats: state >= 0\nStats: max time", `[["0",2,4000],` + "\n" + `["2",1,2000],` + "\n" + `["1",1,3000]]` + "\n"},
		{"groups of two columns", "Stats: state >= 0\nStatsGroupBy: state groups", "0;db,linux;1\n2;db;1\n1;;1\n0;;1\n"},
		{"groups sorted", "Columns: state\nStats: state >= 0\nSort: state desc\nLimit: 1\nOffset: 1", "1;1\n"},
		{"groups of nothing", "Columns: state\nStats: state >= 0\nFilter: name = x", ""},
		{"headers", "OutputFormat: json\nColumnHeaders: on\nColumns: state\nStats: state >= 0\nFilter: state = 1", `[["state","stats_1"],` + "\n" + `["1",1]]` + "\n"},
		{"wrapped", "OutputFormat: wrapped_json\nStats: state = 0", `{"data":[[2]],"total_count":1}` + "\n"},
		{"wrapped groups", "OutputFormat: wrapped_json\nColumns: state\nStats: state = 0\nLimit: 1", `{"data":[["0",2]],"total_count":3}` + "\n"},
	} {
		if diff := cmp.Diff(c.want, ask(t, "GET hosts\n"+c.query)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestMistakesAreToldAsNaemonTellsThem(t *testing.T) {
	for query, want := range map[string]string{
		"GET":                                       "452 Invalid GET request, missing tablename",
		"GET nosuch":                                "404 Invalid GET request, no such table 'nosuch'",
		"POST hosts":                                "452 Invalid request method",
		"GET hosts\nNosuch: 1":                      "400 Undefined request header 'Nosuch: 1'",
		"GET hosts\nfilter: state = 0":              "400 Undefined request header 'filter: state = 0'",
		"GET hosts\nColumns":                        "400 Undefined request header 'Columns'",
		"GET hosts\nFilter:":                        "400 empty filter line",
		"GET hosts\nFilter: state":                  "400 invalid filter header: missing operator after table 'state'",
		"GET hosts\nFilter: state == 1":             "400 invalid filter operator '=='",
		"GET hosts\nFilter: name ~ (":               "400 error in Filter header: invalid regular expression '('",
		"GET hosts\nFilter: name ~~ [":              "400 error in Filter header: invalid regular expression '['",
		"GET hosts\nFilter: name ~ a{3}":            "400 error in Filter header: disallowed regular expression 'a{3}': must not contain { or }",
		"GET hosts\nAnd: x":                         "400 Invalid value for And: need non-negative integer number",
		"GET hosts\nOr: -1":                         "400 Invalid value for Or: need non-negative integer number",
		"GET hosts\nOr:":                            "400 Missing value for Or: need non-zero integer number",
		"GET hosts\nOr: 99999999999999999999":       "400 Invalid value for Or: need non-negative integer number",
		"GET hosts\nFilter: state = 0\nAnd: 2":      "400 error in And header: Cannot combine 2 filters with 'AND': only 1 are on stack",
		"GET hosts\nNegate:":                        "400 Negate: no Filter: header to negate",
		"GET hosts\nFilter: state = 0\nNegate: 1":   "400 Negate: does not take any arguments",
		"GET hosts\nStats:":                         "400 empty stats line",
		"GET hosts\nStats: sum":                     "400 missing column name in stats header",
		"GET hosts\nStats: state ? 1":               "400 invalid stats operator '?'",
		"GET hosts\nStats: state":                   "400 invalid stats header: missing operator after table 'state'",
		"GET hosts\nStatsAnd: 1":                    "400 Invalid count for StatsAnd: too few Stats: headers available",
		"GET hosts\nStats: sum state\nStatsOr: 1":   "400 Can use StatsOr only on Stats: headers of filter type",
		"GET hosts\nStatsNegate:":                   "400 StatsNegate: no Stats: headers available",
		"GET hosts\nStats: sum state\nStatsNegate:": "400 Can use StatsNegate only on Stats: headers of filter type",
		"GET hosts\nLimit: -1":                      "400 Invalid value for Limit: must be non-negative integer",
		"GET hosts\nLimit:":                         "400 Header Limit: missing value",
		"GET hosts\nOffset: x":                      "400 Invalid value for Offset: must be non-negative integer",
		"GET hosts\nTimelimit: x":                   "400 Invalid value for Timelimit: must be non-negative integer (seconds)",
		"GET hosts\nOutputFormat: xml":              "400 Invalid output format. Only 'csv', 'json' and 'wrapped_json' are available.",
		"GET hosts\nOutputFormat:":                  "400 Missing output format. Only 'csv' and 'json' are available.",
		"GET hosts\nColumnHeaders: yes":             "400 Invalid value for ColumnHeaders: must be 'on' or 'off'",
		"GET hosts\nKeepAlive: yes":                 "400 Invalid value for KeepAlive: must be 'on' or 'off'",
		"GET hosts\nResponseHeader: fixed":          "400 Invalid value 'fixed' for ResponseHeader: must be 'off' or 'fixed16'",
		"GET hosts\nLocaltime: 1":                   "400 Invalid Localtime header: timezone difference greater then 24 hours",
		"GET hosts\nWaitTrigger: x":                 "400 WaitTrigger: invalid trigger 'x'. Allowed are all, check, state, log, downtime, comment, command and program.",
		"GET hosts\nWaitTimeout: x":                 "400 Invalid value for WaitTimeout: must be non-negative integer",
		"GET hosts\nWaitConditionNegate:":           "400 Negate: no Wait:-condition negate",
		"GET hosts\nLimit: -1\nNosuch: 1":           "400 Invalid value for Limit: must be non-negative integer",
	} {
		code, text, _ := strings.Cut(want, " ")
		got := ask(t, query+"\nResponseHeader: fixed16")
		if diff := cmp.Diff(fmt.Sprintf("%s %11d\n%s\n", code, len(text)+1, text), got); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", query, diff)
		}
	}
}

func TestFiltersNarrowWhatTheTableLooksAt(t *testing.T) {
	const (
		none  = 1 << 31
		alert = none | 1<<1
	)
	for filters, want := range map[string]table.Narrow{
		"":                                      {Anyone: true},
		"Filter: name = db1":                    {Anyone: true, Host: "db1"},
		"Filter: name != db1":                   {Anyone: true},
		"Filter: name =~ db1":                   {Anyone: true},
		"AuthUser: ada":                         {Contact: "ada"},
		"AuthUser:":                             {},
		"Filter: state = 0\nFilter: name = db1": {Anyone: true, Host: "db1"},
		"Filter: name = db1\nFilter: name = db2\nOr: 2":                    {Anyone: true},
		"Filter: name = db1\nNegate:":                                      {Anyone: true},
		"Filter: name = db1\nFilter: state = 1\nAnd: 2\nFilter: state < 9": {Anyone: true, Host: "db1"},
		"Filter: time >= 1000\nFilter: time < 2000":                        {Anyone: true, From: 1000, Until: 1999},
		"Filter: time > 5\nFilter: time >= 7\nFilter: time <= 9":           {Anyone: true, From: 7, Until: 9},
		"Filter: time = 5\nFilter: time = 8\nOr: 2":                        {Anyone: true, From: 5, Until: 8},
		"Filter: time = 5\nFilter: state = 8\nOr: 2":                       {Anyone: true},
		"Filter: time < 0":                                                  {Anyone: true, Until: 1},
		"Filter: class = 1":                                                 {Anyone: true, Classes: alert},
		"Filter: class = 1\nFilter: class = 3\nOr: 2":                       {Anyone: true, Classes: alert | 1<<3},
		"Filter: class != 1\nFilter: class < 3":                             {Anyone: true, Classes: none | 1<<0 | 1<<2},
		"Filter: class = 1\nFilter: class = 2":                              {Anyone: true, Classes: none},
		fmt.Sprintf("Filter: time >= 5000\nLocaltime: %d", now.Unix()+1800): {Anyone: true, From: 3200},
	} {
		if _, got := narrowed(t, "GET hosts\n"+filters); got != want {
			t.Errorf("%s: got %+v, want %+v", strings.ReplaceAll(filters, "\n", " | "), got, want)
		}
	}
}

func TestAQueryCostsABoundedAmount(t *testing.T) {
	long := strings.Repeat("a", 2100)
	for name, query := range map[string]string{
		"filters":      strings.Repeat("\nFilter: state = 0", 2001),
		"combinations": strings.Repeat("\nAnd: 0", 2001),
		"statistics":   strings.Repeat("\nStats: state = 0", 2001),
		"columns":      "\nColumns:" + strings.Repeat(" name", 4097),
		"sorts":        strings.Repeat("\nSort: name", 33),
		"a regex":      "\nFilter: name ~ " + long,
		"a search":     "\nFilter: name ilike " + long,
		"many regexes": strings.Repeat("\nFilter: name ~ "+long[:2000], 9),
	} {
		if got := ask(t, "GET hosts\nResponseHeader: fixed16"+query); !strings.HasPrefix(got, "413 ") {
			t.Errorf("%s: got %.60q", name, got)
		}
	}
	many := make([]thing, 100_000)
	for i := range many {
		many[i] = thing{name: fmt.Sprint("host", i)}
	}
	for _, query := range []string{"", "\nSort: name", "\nSort: name\nLimit: 1000000", "\nStats: state = 0"} {
		q, refusal := lql.Parse(strings.Split("GET hosts\nColumns: name plugin_output"+query, "\n"), tables(many, new(table.Narrow)), now)
		if refusal != nil {
			t.Fatal(refusal)
		}
		a := q.Answer(t.Context(), world, lql.Limits{Bytes: 100_000, Time: time.Minute})
		if a.Code != lql.LimitExceeded {
			t.Errorf("%q: code %d of an answer that is too large", query, a.Code)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if a := q.Answer(over, world, limits); a.Code != lql.LimitExceeded {
			t.Errorf("%q: code %d when nobody waits any more", query, a.Code)
		}
	}
}

// The first rows of a sorted answer are found without keeping all rows; that must give the same as sorting them all.
func TestSortingWithALimitGivesTheFirstRowsOfSortingAll(t *testing.T) {
	many := make([]thing, 5000)
	for i := range many {
		many[i] = thing{name: fmt.Sprint("host", i), state: int64(i * 7919 % 13), load: float64(i * 31 % 7)}
	}
	sorted := func(page string) []string {
		q, _ := lql.Parse(strings.Split("GET hosts\nColumns: name state load\nSort: state desc\nSort: load asc"+page, "\n"), tables(many, new(table.Narrow)), now)
		var b strings.Builder
		if _, err := q.Answer(t.Context(), world, limits).WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	}
	all := sorted("")
	for _, page := range [][2]int{{0, 1}, {0, 10}, {100, 50}, {4990, 100}, {0, 4999}} {
		want := all[page[0]:min(page[0]+page[1], len(all))]
		if diff := cmp.Diff(want, sorted(fmt.Sprintf("\nOffset: %d\nLimit: %d", page[0], page[1]))); diff != "" {
			t.Errorf("page %v: %s", page, diff)
		}
	}
}

func TestAWaitSaysWhatFor(t *testing.T) {
	parse := func(query string) *lql.Query {
		q, refusal := lql.Parse(strings.Split("GET hosts\n"+query, "\n"), tables(things(), new(table.Narrow)), now)
		if refusal != nil {
			t.Fatalf("%s: %v", query, refusal)
		}
		return q
	}
	q := parse("WaitObject: db2\nWaitCondition: state = 0\nWaitCondition: time >= 2000\nWaitConditionOr: 2\nWaitTrigger: check\nWaitTimeout: 1500")
	if w := q.Wait; w.Object != "db2" || w.Trigger != "check" || w.Timeout != 1500*time.Millisecond || !w.Conditional {
		t.Errorf("got %+v", w)
	}
	for query, want := range map[string]bool{
		"WaitObject: db2\nWaitCondition: state = 0":                                                   false,
		"WaitObject: db1\nWaitCondition: state = 0":                                                   true,
		"WaitObject: db2\nWaitCondition: state = 0\nWaitConditionNegate:":                             true,
		"WaitObject: db2\nWaitCondition: state = 0\nWaitCondition: time >= 2000\nWaitConditionOr: 2":  true,
		"WaitObject: db2\nWaitCondition: state = 0\nWaitCondition: time >= 2000\nWaitConditionAnd: 2": false,
		"WaitTrigger: state": false,
	} {
		if got, refusal := parse(query).Ready(world); got != want || refusal != nil {
			t.Errorf("%s: got %v, %v", query, got, refusal)
		}
	}
	if _, refusal := parse("WaitObject: nosuch\nWaitCondition: state = 0").Ready(world); refusal == nil || refusal.Text != "WaitObject: object 'nosuch' not found or not supported by this table" {
		t.Errorf("got %v", refusal)
	}
	if parse("WaitTimeout: 5").Wait != nil {
		t.Error("a query without condition and trigger waits")
	}
}
