package console_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/console"
)

func TestExportTable(t *testing.T) {
	all := []feed.Export{
		{Module: "graphite", Broker: "b1", Sent: 12, Failing: 5, Error: "connection refused", Streams: []feed.Stream{{Stream: "PERF", Waiting: 7, OldestAge: 90, LimitUsed: 0.25, Lost: 3}}},
		{Module: "log", Last: "b2", Streams: []feed.Stream{{Stream: "EV"}, {Stream: "DONE"}}},
	}
	var b strings.Builder
	console.ExportTable(&b, all, console.Style{})
	want := strings.TrimPrefix(`
  MODULE    STATE    BROKER  SENT  STREAM  WAITING  OLDEST  LIMIT  LOST  LAST ERROR
  graphite  WARNING  b1        12  PERF          7   1m30s   25 %     3  connection refused
  log       DOWN     b2         0  EV            0       -    0 %     0
                                   DONE          0       -    0 %     0
`, "\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
