package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

func TestExportTable(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := float64(now.Unix())
	perf := []api.Stream{{Stream: "PERF"}}
	all := []api.Export{
		{Module: "graphite", Broker: "b1", Sent: 12, Failing: 5, Error: "connection refused", ErrorAt: at - 3, Streams: []api.Stream{{Stream: "PERF", Waiting: 7, OldestAge: 90, LimitUsed: 0.25, Lost: 3}}},
		{Module: "log", Last: "b2", Streams: []api.Stream{{Stream: "EV"}, {Stream: "DONE"}}},
		{Module: "mended", Broker: "b1", Error: "404", ErrorAt: at - 7200, Refused: 2, LastRefused: at - 3601, Streams: perf},
		{Module: "old", Last: "b1", Forgotten: at + 7200, Streams: []api.Stream{{Stream: "PERF", Waiting: 70, OldestAge: 90}}},
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
