package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/broker/problems"
	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
)

const (
	// rowsAtOnce and mostProblems are how many rows of problems, impacts and things found are given if nobody says, and at most.
	rowsAtOnce, mostProblems = 100, 500
	// mostWords and mostLetters bound what is looked for.
	mostWords, mostLetters = 8, 200
)

// problemData adds what the page of problems shows.
func (m *Module) problemData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/problems", m.turns.bounded(m.allow(sign.Read, func(r *http.Request, _ sign.Person) (any, error) {
		ask, err := askOf(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return m.sight.now().page(ask), nil
	})))
	mux.HandleFunc("GET /ui/data/problems/impacts", m.turns.bounded(m.allow(sign.Read, m.impacts)))
	mux.HandleFunc("GET /ui/data/problems/live", m.streamed(m.problemsLive))
	mux.HandleFunc("GET /ui/data/groups", m.turns.bounded(m.allow(sign.Read, func(*http.Request, sign.Person) (any, error) { return m.sight.now().groups(), nil })))
	counts := &tally{}
	mux.HandleFunc("GET /ui/data/tally", m.allow(sign.Read, func(*http.Request, sign.Person) (any, error) { return counts.of(m.sight), nil }))
	mux.HandleFunc("GET /ui/data/find", m.turns.bounded(m.allow(sign.Read, m.find)))
}

// problemsLive is what keeps a page of problems up to date. Pages with the same filters share what is sent.
func (m *Module) problemsLive(r *http.Request, _ sign.Person) (shown, error) {
	ask, err := askOf(r.URL.Query())
	if err != nil {
		return shown{}, err
	}
	key := "problems?" + ask.key()
	leave, err := m.sight.enter(key, m.gate.Reader(r))
	return shown{key: key, every: lookEvery, source: func() live.Source { return &problemSource{sight: m.sight, ask: ask} }, over: leave}, err
}

// impacts gives what follows from one root problem.
func (m *Module) impacts(r *http.Request, _ sign.Person) (any, error) {
	values := r.URL.Query()
	of := monitor.Ref{Host: values.Get("host"), Service: values.Get("service")}
	values.Del("host")
	values.Del("service")
	ask, err := askOf(values)
	if err != nil {
		return nil, err
	}
	return m.sight.now().impacts(of, ask), nil
}

// ask is what a page wants to see: which problems, and which part of the list of them.
type ask struct {
	problems.Query
	offset, limit int
}

// askOf reads the filters of a page's URL. A filter that is not understood is an error: an empty list would look as if all were well.
func askOf(values url.Values) (*ask, error) {
	a := &ask{limit: rowsAtOnce}
	for name, all := range values {
		read, ok := filters()[name]
		if !ok {
			return nil, failure(http.StatusBadRequest, "unknown filter %q; there are %s", name, strings.Join(filterNames(), ", "))
		}
		if err := read(a, all[0]); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func filterNames() (names []string) {
	for name := range filters() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// filters read one filter each.
func filters() map[string]func(a *ask, value string) error {
	return map[string]func(a *ask, value string) error{
		"state":        (*ask).readStates,
		"q":            func(a *ask, v string) (err error) { a.Words, err = wordsOf(v); return err },
		"hostgroup":    func(a *ask, v string) error { a.HostGroup = v; return tooLong(v) },
		"servicegroup": func(a *ask, v string) error { a.ServiceGroup = v; return tooLong(v) },
		"handled": func(a *ask, v string) error {
			return oneOf(&a.Which, "handled", v, map[string]problems.Which{"": problems.Open, "open": problems.Open, "handled": problems.Handled, "all": problems.All})
		},
		"soft": func(a *ask, v string) error {
			return oneOf(&a.Hard, "soft", v, map[string]bool{"": false, "1": false, "0": true})
		},
		"sort": func(a *ask, v string) error {
			return oneOf(&a.Order, "sort", v, map[string]problems.Order{
				"": problems.ByImpact, "impact": problems.ByImpact, "state": problems.ByState, "newest": problems.Newest, "oldest": problems.Oldest, "name": problems.ByName,
			})
		},
		"offset": func(a *ask, v string) error { return readNumber(&a.offset, "offset", v, 0, 1<<30) },
		"limit":  func(a *ask, v string) error { return readNumber(&a.limit, "limit", v, 1, mostProblems) },
	}
}

func (a *ask) readStates(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if name == "" {
			continue
		}
		s, ok := problems.StateOf(strings.ToUpper(name))
		if !ok {
			return failure(http.StatusBadRequest, "no state of a problem is called %.40q", name)
		}
		a.States |= 1 << s
	}
	return nil
}

// wordsOf parts what somebody looks for into words.
func wordsOf(text string) ([]string, error) {
	if err := tooLong(text); err != nil {
		return nil, err
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) > mostWords {
		return nil, failure(http.StatusBadRequest, "at most %d words can be looked for", mostWords)
	}
	slices.Sort(words)
	return slices.Compact(words), nil
}

func tooLong(text string) error {
	if len(text) > mostLetters {
		return failure(http.StatusBadRequest, "a filter has at most %d letters", mostLetters)
	}
	return nil
}

func oneOf[T any](to *T, name, value string, known map[string]T) error {
	v, ok := known[value]
	if !ok {
		return failure(http.StatusBadRequest, "%s=%.40q is not known", name, value)
	}
	*to = v
	return nil
}

func readNumber(to *int, name, value string, least, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return failure(http.StatusBadRequest, "%s=%.40q is no number from %d to %d", name, value, least, most)
	}
	*to = n
	return nil
}

// key is the same for all that ask for the same.
func (a *ask) key() string {
	return url.Values{
		"state": {strconv.Itoa(int(a.States))}, "q": {strings.Join(a.Words, " ")}, "hostgroup": {a.HostGroup}, "servicegroup": {a.ServiceGroup},
		"which": {strconv.Itoa(int(a.Which))}, "hard": {strconv.FormatBool(a.Hard)}, "order": {strconv.Itoa(int(a.Order))},
		"offset": {strconv.Itoa(a.offset)}, "limit": {strconv.Itoa(a.limit)},
	}.Encode()
}

// find gives hosts and services that are fine, by what they are called.
func (m *Module) find(r *http.Request, _ sign.Person) (any, error) {
	words, err := wordsOf(r.URL.Query().Get("q"))
	if err != nil {
		return nil, err
	}
	limit := 30
	if v := r.URL.Query().Get("limit"); v != "" {
		if err := readNumber(&limit, "limit", v, 1, mostProblems); err != nil {
			return nil, err
		}
	}
	found, all := problems.Find(m.outlook.View(), m.names.now(), words, limit)
	return foundRows(found, all), nil
}

// unix gives a moment as pages have it: whole seconds, 0 for never.
func unix(t monitor.Time) int64 { return int64(t) / int64(time.Second) }
