package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/console"
)

func TestExportTable(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := float64(now.Unix())
	perf := []feed.Stream{{Stream: "PERF"}}
	all := []feed.Export{
		{Module: "graphite", Broker: "b1", Sent: 12, Failing: 5, Error: "connection refused", ErrorAt: at - 3, Streams: []feed.Stream{{Stream: "PERF", Waiting: 7, OldestAge: 90, LimitUsed: 0.25, Lost: 3}}},
		{Module: "log", Last: "b2", Streams: []feed.Stream{{Stream: "EV"}, {Stream: "DONE"}}},
		{Module: "mended", Broker: "b1", Error: "404", ErrorAt: at - 7200, Refused: 2, LastRefused: at - 3601, Streams: perf},
		{Module: "old", Last: "b1", Forgotten: at + 7200, Streams: []feed.Stream{{Stream: "PERF", Waiting: 70, OldestAge: 90}}},
		{Module: "picky", Broker: "b1", Refused: 4, LastRefused: at - 3599, Streams: perf},
	}
	var b strings.Builder
	console.ExportTable(&b, all, now, console.Style{})
	want := strings.TrimPrefix(`
  MODULE    STATE    BROKER  SENT  STREAM  WAITING  OLDEST  LIMIT  LOST  REFUSED  LAST ERROR
  graphite  WARNING  b1        12  PERF          7   1m30s   25 %     3        0  3s ago: connection refused
  log       DOWN     b2         0  EV            0       -    0 %     0        0
                                   DONE          0       -    0 %     0
  mended    OK       b1         0  PERF          0       -    0 %     0        2  2h00m ago: 404
  old       GONE     b1         0  PERF         70   1m30s    0 %     0        0  no longer configured, forgotten at 2026-11-22 14:00
  picky     WARNING  b1         0  PERF          0       -    0 %     0        4
`, "\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
