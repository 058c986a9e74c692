package realpeer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// Victoria is a VictoriaMetrics that a test started.
type Victoria struct {
	*Process
	Addr string
}

// Series is a time series as VictoriaMetrics exports it: labels, values and their times in milliseconds.
type Series struct {
	Metric     map[string]string
	Values     []float64
	Timestamps []int64
}

// StartVictoria starts VictoriaMetrics on a free port, with an empty store that goes with the test.
func StartVictoria(t testing.TB) *Victoria {
	t.Helper()
	v := &Victoria{Addr: fmt.Sprintf("127.0.0.1:%d", Port(t))}
	v.Process = Start(t, Program(t, "victoria-metrics", "victoria-metrics"), "-storageDataPath="+Dir(t), "-httpListenAddr="+v.Addr,
		"-retentionPeriod=10y", "-memory.allowedBytes=128MB", "-search.disableCache")
	v.healthy(t)
	return v
}

// Again starts it with the same store and port, after it was stopped.
func (v *Victoria) Again(t testing.TB) {
	t.Helper()
	v.Process = Start(t, v.Path, v.Args[1:]...)
	v.healthy(t)
}

func (v *Victoria) healthy(t testing.TB) {
	t.Helper()
	v.Until(t, "is ready", func() error {
		_, err := v.get("/health")
		return err
	})
}

// Stored gives all samples of the series that fit a selector, sorted by their labels.
func (v *Victoria) Stored(t testing.TB, selector string) []Series {
	t.Helper()
	if _, err := v.get("/internal/force_flush"); err != nil {
		t.Fatal(err)
	}
	text, err := v.get("/api/v1/export?match[]=" + url.QueryEscape(selector))
	if err != nil {
		t.Fatal(err)
	}
	var all []Series
	for line := range bytes.Lines(text) {
		var one Series
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Series) int { return cmp.Compare(fmt.Sprint(a.Metric), fmt.Sprint(b.Metric)) })
	return all
}

func (v *Victoria) get(path string) ([]byte, error) {
	answer, err := http.Get("http://" + v.Addr + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, text)
	}
	return text, err
}
