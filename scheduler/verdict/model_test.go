package verdict_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// object is a slow and obvious host or service: one thing after the other, in the order in which Nagios 4 checks.c does
// them (handle_async_service_check_result; process_host_check_result and handle_host_state), each with its own variable.
type object struct {
	verdict.Standing
	checked bool

	// what the last result led to
	logged, told, retry, changed, hard bool
	shown                              verdict.Standing // as logged and told
}

func (o *object) begin(state monitor.State) (old monitor.State) {
	old = o.State
	if !o.checked { // "current_state" is OK before the first check
		old = monitor.OK
		o.checked = true
		if o.LastHard == monitor.Pending {
			o.LastHard = monitor.OK
		}
	}
	o.logged, o.told, o.retry, o.hard = false, false, false, false
	o.LastState, o.State = old, state
	o.changed = state != old
	return old
}

func (o *object) endAck() {
	if o.changed && o.Ack == monitor.AckNormal {
		o.Ack = monitor.AckNone
	}
	if o.changed && o.State == monitor.OK {
		o.Ack = monitor.AckNone
	}
}

func (o *object) serviceResult(state monitor.State, hostUp, volatile bool) {
	o.begin(state)
	if o.Type == monitor.Soft && o.Attempt < o.Max {
		o.Attempt++
	}
	if o.HostProblem && hostUp && state != monitor.OK {
		o.HostProblem = false
		if o.Type == monitor.Soft {
			o.Attempt = 1
		}
	}
	if o.HostProblem && state == monitor.OK {
		o.hard = true
	}
	if (o.Attempt >= o.Max || state == monitor.OK && !hostUp) && state != o.LastHard {
		o.hard = true
	}
	if state != monitor.OK && !hostUp {
		o.hard = state != o.LastHard
	}
	if state != monitor.OK && o.Type == monitor.Soft && o.Attempt >= o.Max {
		o.hard = true
	}
	o.endAck()
	if state == monitor.OK {
		if o.hard {
			o.Type, o.logged, o.told = monitor.Hard, true, true
		} else if o.changed {
			o.Type, o.logged = monitor.Soft, true
		}
		o.shown = o.Standing
		o.HostProblem, o.Attempt, o.Type, o.LastHard = false, 1, monitor.Hard, monitor.OK
		return
	}
	if !hostUp {
		o.HostProblem = true
		if o.hard {
			o.logged, o.Type, o.LastHard = true, monitor.Hard, state
		}
		if o.Attempt >= o.Max {
			o.Type, o.LastHard = monitor.Hard, state
		}
		o.logged = o.logged || volatile || o.Type == monitor.Soft
	} else if o.Attempt < o.Max {
		o.Type, o.logged, o.retry = monitor.Soft, true, true
	} else {
		o.Type, o.told = monitor.Hard, true
		o.logged = o.hard || volatile
		o.LastHard = state
	}
	o.shown = o.Standing
}

func (o *object) hostResult(r verdict.HostCheck) {
	final := r.Passive && !r.PassiveSoft
	state := r.State
	if state != monitor.Up && (!r.Passive || r.Translate) {
		state = r.Reach
	}
	wasHard := o.Type == monitor.Hard
	old := o.begin(state)
	if old == monitor.Up {
		o.Attempt = 1
	} else if wasHard {
		if state == monitor.Up || final && o.changed {
			o.Attempt = 1
		}
	} else if final && o.changed || r.Passive && state == monitor.Up {
		o.Attempt = 1
	} else if o.Attempt < o.Max {
		o.Attempt++
	}
	switch {
	case old != monitor.Up && wasHard, final:
		o.Type = monitor.Hard
	case old != monitor.Up && state == monitor.Up:
		o.Type = monitor.Soft
	case old == monitor.Up && state == monitor.Up:
		o.Type = monitor.Hard
	case o.Attempt == o.Max:
		o.Type = monitor.Hard
	default:
		o.Type = monitor.Soft
	}
	o.hard = o.Type == monitor.Hard && o.LastHard != state
	o.endAck()
	if o.changed || o.hard {
		o.logged, o.told = true, o.Type == monitor.Hard
	} else {
		o.logged = o.Type == monitor.Soft
		o.told = state != monitor.Up && o.Type == monitor.Hard
	}
	o.retry = state != monitor.Up && o.Type == monitor.Soft
	o.shown = o.Standing
	if state == monitor.Up && (o.changed || o.hard) {
		o.Attempt = 1
	}
	if o.Type == monitor.Hard {
		o.LastHard = state
	}
}

func (o *object) compare(v verdict.Verdict) string {
	got := object{Standing: v.Next, checked: true, shown: v.Seen}
	got.logged, got.told = v.Steps.Has(verdict.Alert), v.Steps.Has(verdict.Notify)
	got.retry, got.changed, got.hard = v.Steps.Has(verdict.Retry), v.Steps.Has(verdict.Changed), v.Steps.Has(verdict.HardChanged)
	return cmp.Diff(*o, got, cmp.AllowUnexported(object{}))
}

func newObject(r *rand.Rand) object {
	return object{Standing: verdict.Standing{
		State: monitor.Pending, LastState: monitor.Pending, LastHard: monitor.Pending,
		Type: monitor.Hard, Attempt: 1, Max: uint16(1 + r.IntN(4)),
	}}
}

func TestServicesDoWhatTheModelDoes(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 4))
		o := newObject(r)
		volatile := r.IntN(4) == 0
		for step := range 100 {
			was := o.Standing
			state, hostUp := monitor.State(r.IntN(4)*r.IntN(2)), r.IntN(4) > 0
			o.serviceResult(state, hostUp, volatile)
			v := verdict.OfService(was, verdict.ServiceCheck{State: state, HostUp: hostUp, Volatile: volatile})
			if diff := o.compare(v); diff != "" {
				t.Fatalf("seed %d step %d: %+v gets %d, host up %v (-model +verdict):\n%s", seed, step, was, state, hostUp, diff)
			}
			o.acknowledge(r)
		}
	}
}

func TestHostsDoWhatTheModelDoes(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 5))
		o := newObject(r)
		soft, translate := r.IntN(2) == 0, r.IntN(2) == 0
		for step := range 100 {
			was := o.Standing
			check := verdict.HostCheck{
				State: monitor.State(r.IntN(3) * r.IntN(2)), Reach: monitor.State(1 + r.IntN(2)),
				Passive: r.IntN(3) == 0, PassiveSoft: soft, Translate: translate,
			}
			o.hostResult(check)
			if diff := o.compare(verdict.OfHost(was, check)); diff != "" {
				t.Fatalf("seed %d step %d: %+v gets %+v (-model +verdict):\n%s", seed, step, was, check, diff)
			}
			o.acknowledge(r)
		}
	}
}

// acknowledge does so now and then, if there is a problem.
func (o *object) acknowledge(r *rand.Rand) {
	if o.State != monitor.OK && r.IntN(4) == 0 {
		o.Ack = monitor.AckKind(r.IntN(3))
	}
}

func TestActiveHost(t *testing.T) {
	for _, tt := range []struct {
		answer     monitor.State
		aggressive bool
		want       monitor.State
	}{
		{monitor.OK, false, monitor.Up},
		{monitor.Warning, false, monitor.Up},
		{monitor.Warning, true, monitor.Down},
		{monitor.Critical, false, monitor.Down},
		{monitor.Unknown, false, monitor.Down},
	} {
		name := fmt.Sprintf("%s aggressive=%v", tt.answer.ServiceName(), tt.aggressive)
		if got := verdict.ActiveHost(tt.answer, tt.aggressive); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got.HostName(), tt.want.HostName())
		}
	}
}

// A failure that is new, or still SOFT, casts doubt on a host that is UP; an OK does on one that is not.
func TestAskHost(t *testing.T) {
	ok := verdict.Standing{Type: monitor.Hard, Attempt: 1, Max: 2}
	soft := verdict.Standing{State: monitor.Critical, Type: monitor.Soft, Attempt: 1, Max: 2}
	hard := verdict.Standing{State: monitor.Critical, LastHard: monitor.Critical, Type: monitor.Hard, Attempt: 2, Max: 2}
	for _, tt := range []struct {
		name  string
		was   verdict.Standing
		check verdict.ServiceCheck
		want  bool
	}{
		{"still OK", ok, verdict.ServiceCheck{HostUp: true}, false},
		{"new failure", ok, verdict.ServiceCheck{State: monitor.Warning, HostUp: true}, true},
		{"retried failure", soft, verdict.ServiceCheck{State: monitor.Critical, HostUp: true}, true},
		{"old failure", hard, verdict.ServiceCheck{State: monitor.Critical, HostUp: true}, false},
		{"another failure", hard, verdict.ServiceCheck{State: monitor.Warning, HostUp: true}, true},
		{"recovery", hard, verdict.ServiceCheck{HostUp: true}, false},
		{"OK on a host that is down", ok, verdict.ServiceCheck{}, true},
		{"failure on a host that is down", ok, verdict.ServiceCheck{State: monitor.Critical}, false},
	} {
		if got := verdict.OfService(tt.was, tt.check).Steps.Has(verdict.AskHost); got != tt.want {
			t.Errorf("%s: ask host %v, want %v", tt.name, got, tt.want)
		}
	}
}

func BenchmarkOfService(b *testing.B) {
	was := verdict.Standing{Type: monitor.Hard, Attempt: 1, Max: 3}
	b.ReportAllocs()
	for b.Loop() {
		was = verdict.OfService(was, verdict.ServiceCheck{HostUp: true}).Next
	}
}
