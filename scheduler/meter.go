package scheduler

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// meter holds the scheduler's metrics. Any goroutine may use it.
type meter struct {
	set                                           *metrics.Set
	passive, arrivals                             *metrics.Counter
	orphaned, unreadable, perfDropped, perfFailed *metrics.Counter
	late                                          *metrics.Counter
	twice, handedOn, astray, overtaken            *metrics.Counter
	triggers, triggerErrors                       *metrics.Counter
	// taken counts shards by why they were free, given and lost those that went.
	taken       map[string]*metrics.Counter
	given, lost *metrics.Counter
	takeover    *metrics.Histogram

	mu      sync.Mutex
	modules map[string]moduleMeter
}

// moduleMeter is what is measured for each check module.
type moduleMeter struct {
	checks  *metrics.Counter
	latency *metrics.Histogram
	took    *metrics.Histogram
}

func newMeter(set *metrics.Set) *meter {
	if set == nil {
		set = metrics.NewSet()
	}
	taken := map[string]*metrics.Counter{}
	for _, why := range reasons {
		taken[why] = set.NewCounter(fmt.Sprintf("onbu_scheduler_shards_taken_total{why=%q}", why))
	}
	return &meter{
		set:   set,
		taken: taken, given: set.NewCounter("onbu_scheduler_shards_given_total"), lost: set.NewCounter("onbu_scheduler_shards_lost_total"),
		takeover:    set.NewHistogram("onbu_scheduler_takeover_seconds"),
		passive:     set.NewCounter("onbu_passive_results_total"),
		arrivals:    set.NewCounter("onbu_payload_arrivals_total"),
		late:        set.NewCounter("onbu_results_late_total"),
		orphaned:    set.NewCounter("onbu_orphaned_checks_total"),
		unreadable:  set.NewCounter("onbu_scheduler_unreadable_messages_total"),
		twice:       set.NewCounter("onbu_scheduler_repeated_messages_total"),
		handedOn:    set.NewCounter("onbu_scheduler_handed_on_total"),
		astray:      set.NewCounter("onbu_scheduler_astray_total"),
		overtaken:   set.NewCounter("onbu_scheduler_overtaken_total"),
		perfDropped: set.NewCounter("onbu_perf_broks_dropped_total"),
		perfFailed:  set.NewCounter("onbu_perf_batches_failed_total"),
		triggers:    set.NewCounter("onbu_triggers_total"), triggerErrors: set.NewCounter("onbu_trigger_errors_total"),
		modules: map[string]moduleMeter{},
	}
}

// took counts a shard that was taken, so long after it was found to be free.
func (m *meter) took(why string, after time.Duration) {
	m.taken[why].Inc()
	m.takeover.Update(after.Seconds())
}

// watch publishes the length of queues, and how much the scheduler owns.
func (m *meter) watch(d *dispatcher, owned func() holdings) {
	m.set.NewGauge("onbu_scheduler_shards", func() float64 { return float64(owned().shards) })
	m.set.NewGauge(`onbu_scheduler_objects{kind="host"}`, func() float64 { return float64(owned().hosts) })
	m.set.NewGauge(`onbu_scheduler_objects{kind="service"}`, func() float64 { return float64(owned().services) })
	m.set.NewGauge("onbu_scheduler_leases_not_renewed", func() float64 { return float64(owned().unheld) })
	m.set.NewGauge("onbu_journal_bytes_waiting", func() float64 { return float64(owned().journal) })
	m.set.NewGauge("onbu_checks_running", func() float64 { return float64(d.load().running) })
	m.set.RegisterMetricsWriter(func(w io.Writer) {
		l := d.load()
		for _, pool := range slices.Sorted(maps.Keys(l.waiting)) {
			label := strconv.Quote(tagOf(pool))
			fmt.Fprintf(w, "onbu_checks_waiting{poller_tag=%s} %d\n", label, l.waiting[pool])
			fmt.Fprintf(w, "onbu_pollers{poller_tag=%s} %d\n", label, l.pollers[pool])
		}
	})
}

func (m *meter) module(name string) moduleMeter {
	m.mu.Lock()
	defer m.mu.Unlock()
	one, ok := m.modules[name]
	if !ok {
		label := strconv.Quote(name)
		one = moduleMeter{
			checks:  m.set.NewCounter(fmt.Sprintf("onbu_checks_total{module=%s}", label)),
			latency: m.set.NewHistogram(fmt.Sprintf("onbu_check_latency_seconds{module=%s}", label)),
			took:    m.set.NewHistogram(fmt.Sprintf("onbu_check_execution_seconds{module=%s}", label)),
		}
		m.modules[name] = one
	}
	return one
}
