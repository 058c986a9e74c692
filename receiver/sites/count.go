package sites

import "github.com/VictoriaMetrics/metrics"

// counters are what /metrics shows of sites.
type counters struct {
	sent, sentBytes, large                 *metrics.Counter
	stored, older, stale, orphans, refused *metrics.Counter
	bad, busy                              *metrics.Counter
}

func newCounters(m *metrics.Set) counters {
	arrived := func(what string) *metrics.Counter {
		return m.NewCounter(`onbu_sites_payloads_received_total{end="` + what + `"}`)
	}
	return counters{
		sent:      m.NewCounter("onbu_sites_payloads_sent_total"),
		sentBytes: m.NewCounter("onbu_sites_bytes_sent_total"),
		large:     m.NewCounter("onbu_sites_payloads_too_large_total"),
		stored:    arrived("stored"), older: arrived("older"), stale: arrived("stale"), orphans: arrived("orphan"), refused: arrived("refused"),
		bad:  m.NewCounter("onbu_sites_messages_refused_total"),
		busy: m.NewCounter("onbu_sites_parcels_put_off_total"),
	}
}

func (c *counters) kept(k Kept) {
	c.stored.Add(k.Stored)
	c.older.Add(k.Older)
	c.stale.Add(k.Stale)
	c.orphans.Add(k.Orphans)
	c.refused.Add(k.Refused)
}
