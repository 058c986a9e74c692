package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// settleWait is how long what was taken may wait for a cluster that has caught up to do.
const settleWait = 4 * time.Minute

// judge ends the load, waits until all that was answered is in the state and told, and looks whether the invariants hold.
func (s *Site) judge(ctx context.Context, f *Finding) error {
	s.say("waiting until everything that was taken is applied and told")
	s.load.end()
	s.orders.end()
	var e *evidence
	var unsettled []string
	err := s.eventually(ctx, settleWait, "all is applied and told", func() (err error) {
		if e, unsettled, err = s.unsettled(ctx); err != nil {
			return err
		}
		if len(unsettled) > 0 {
			return fmt.Errorf("%d violations, such as %s", len(unsettled), unsettled[0])
		}
		return nil
	})
	if e == nil {
		return err
	}
	now := s.standings(ctx)
	f.Violations = append(f.Violations, slices.Concat(unsettled, e.epochs(), e.checkedAgain(s.well, s.bound), small(now))...)
	// What is held stays; what comes and goes in a moment is work.
	for range steadyLooks {
		if len(steady(s.began, now)) == 0 || pause(ctx, time.Second) != nil {
			break
		}
		now = s.standings(ctx)
	}
	f.Violations = append(f.Violations, steady(s.began, now)...)
	s.summarise(f, e, now)
	return nil
}

// unsettled gathers the evidence, and gives what does not hold and may only need some more time.
func (s *Site) unsettled(ctx context.Context) (*evidence, []string, error) {
	e, err := s.gather(ctx)
	if err != nil {
		return nil, nil, err
	}
	all := e.toldOnce()
	for _, l := range append([]*load{s.load}, s.floods...) {
		all = append(all, e.resultsOnce(l, l.acks())...)
	}
	journal := e.replay()
	all = append(all, journal.obeyed(s.orders.all())...)
	if len(all) > 0 {
		return e, all, nil // what others say is not worth asking for yet
	}
	dropped := int(s.total(ctx, "broker", "onbu_export_lost_total"))
	all = pointsThere(e.sent(), s.sink, dropped)
	owners, err := s.owners(ctx)
	if err != nil {
		return e, append(all, err.Error()), nil
	}
	all = append(all, journal.differs("the owner of its shard", owners)...)
	for _, b := range s.Daemons("broker") {
		shown, err := s.shown(b)
		if err != nil {
			return e, append(all, err.Error()), nil
		}
		all = append(all, journal.differs(b.Name(), shown)...)
	}
	waiting, err := s.backlog(ctx)
	if err != nil {
		return e, append(all, err.Error()), nil
	}
	return e, append(all, drained(waiting)...), nil
}

// summarise notes what is to be known of every run.
func (s *Site) summarise(f *Finding, e *evidence, now map[int]standing) {
	results := s.load.taken()
	for _, l := range s.floods {
		results += l.taken()
	}
	f.Know("results answered with 200, and in the journal once", fmt.Sprint(results))
	f.Know("commands that were taken, and are in the state", fmt.Sprint(len(s.orders.all())))
	marked := 0
	for _, t := range e.told {
		if t.marked {
			marked++
		}
	}
	f.Know("notifications", fmt.Sprintf("%d, of which %d marked as perhaps told before", len(e.told), marked))
	f.Know("points sent and stored", fmt.Sprint(len(e.sent())))
	f.Know("longest time between two checks of a service", fmt.Sprintf("%s, where %s are allowed", round(quantile(e.pauses(s.well), 1)), round(interval*time.Second+s.bound)))
	var most standing
	for _, st := range now {
		if st.memory > most.memory {
			most = st
		}
	}
	f.Know("most memory", fmt.Sprintf("%d MiB, of %s", most.memory>>20, most.name))
	if e.unreadable > 0 {
		f.Know("records of the journal that cannot be read", fmt.Sprint(e.unreadable))
	}
}

// resultsOnce is I1: every result that was answered with 200 is in the journal, once, and those of a service in order.
func (e *evidence) resultsOnce(l *load, acks []ack) (violations []string) {
	applied := e.applied(l.service)
	acked := make([]map[int]ack, l.senders)
	for i := range acked {
		acked[i] = map[int]ack{}
	}
	for _, a := range acks {
		for n, last := l.span(a.n); n <= last; n++ {
			acked[a.sender][n] = a
		}
	}
	for sender := range l.senders {
		for _, h := range hostsOf(sender, l.senders) {
			violations = append(violations, inOrder(h, applied[h], acked[sender])...)
		}
	}
	return violations
}

// checkedAgain is I6: each service that is checked was checked again within its interval and the time that the fault may cost, until
// the end. What ended before since does not count.
func (e *evidence) checkedAgain(since time.Time, bound time.Duration) (violations []string) {
	limit := interval*time.Second + bound
	for h, p := range e.pausesOf(since) {
		if p.length > limit {
			violations = append(violations, fmt.Sprintf("I6: %s was not checked for %s until %s, where %s are allowed", h, round(p.length), p.end.Format(clock), round(limit)))
		}
	}
	slices.Sort(violations)
	return violations
}

// inOrder compares the numbers that were applied to a service with those that were answered, by whom. What one receiver answered is
// applied in order; what lay in the spool of one that died comes behind what another one took meanwhile. A number that another receiver
// had as well says nothing of what it came behind: the one that was stopped brings what its sender had given up, and the copy in the
// spool of the one that answered is dropped.
func inOrder(host string, applied []int, acked map[int]ack) (violations []string) {
	there, last := map[int]bool{}, map[string]int{}
	for _, n := range applied {
		a, answered := acked[n]
		switch {
		case there[n]:
			violations = append(violations, fmt.Sprintf("I1: %s: number %d was applied twice", host, n))
		case answered && n < last[a.by]:
			violations = append(violations, fmt.Sprintf("I1: %s: number %d was applied behind number %d", host, n, last[a.by]))
		}
		there[n] = true
		if a.alone {
			last[a.by] = max(last[a.by], n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(acked)) {
		if !there[n] {
			violations = append(violations, fmt.Sprintf("I1: %s: number %d was answered with 200 and never applied", host, n))
		}
	}
	return violations
}

// applied gives by host the numbers of the results that were applied to a service, in the order of the journal.
func (e *evidence) applied(service string) map[string][]int {
	all := map[string]*applied{}
	for _, r := range e.records {
		for _, b := range r.broks {
			if b.Status == nil || b.Status.Service != service {
				continue
			}
			a := all[b.Status.Host]
			if a == nil {
				a = &applied{}
				all[b.Status.Host] = a
			}
			a.note(b.Status)
		}
	}
	numbers := map[string][]int{}
	for host, a := range all {
		if len(a.numbers) > 0 {
			numbers[host] = a.numbers
		}
	}
	return numbers
}

// applied are the results of one service that the journal tells of. One result may cause several broks of one moment, and what shows
// may stand there again while the ones that are held change. One whose verdict waits for others is there as held, and perhaps a second
// time when it is made.
type applied struct {
	numbers     []int
	shown, held heardOf
}

// heardOf is a result by its number and its time.
type heardOf struct {
	n  int
	at monitor.Time
}

func (a *applied) note(st *monitor.Status) {
	if n, ok := numberIn(st.Output); ok {
		now := heardOf{n, st.LastUpdate}
		if now != a.shown && n != a.held.n {
			a.numbers = append(a.numbers, n)
		}
		a.shown = now
	}
	held := heardOf{}
	if st.Held != nil {
		if n, ok := numberIn(st.Held.Outcome.Output); ok {
			held = heardOf{n, st.Held.Finished}
		}
	}
	if held != a.held && held.n != 0 {
		a.numbers = append(a.numbers, held.n)
	}
	a.held = held
}

// numberIn gives the number of a result; they begin at 1.
func numberIn(output string) (n int, ok bool) {
	number, ok := strings.CutPrefix(output, "number ")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// epochs is I2: whoever wrote a record of a shard had its newest claim.
func (e *evidence) epochs() (violations []string) {
	claimed := map[uint16]uint64{}
	for _, r := range e.records {
		switch {
		case r.claim:
			claimed[r.shard] = r.seq
		case claimed[r.shard] == 0:
			violations = append(violations, fmt.Sprintf("I2: record %d of shard %d lies before any claim", r.seq, r.shard))
		case r.fence != 0 && r.fence != claimed[r.shard]:
			violations = append(violations, fmt.Sprintf("I2: record %d of shard %d was written with claim %d, and %d is newer", r.seq, r.shard, r.fence, claimed[r.shard]))
		}
	}
	return violations
}

// toldOnce is I3: people were told of each notification of the journal, more than once only where the repetition was marked, and of
// nothing else.
func (e *evidence) toldOnce() (violations []string) {
	due := map[string]*monitor.Action{}
	for _, r := range e.records {
		for _, b := range r.broks {
			if b.Kind == monitor.BrokNotification && b.Action != nil {
				due[b.Action.ID] = b.Action
			}
		}
	}
	plain, marked := map[string]int{}, map[string]int{}
	for _, t := range e.told {
		switch {
		case due[t.id] == nil:
			violations = append(violations, fmt.Sprintf("I3: told of %s (%s %s), which is not in the journal", t.id, t.kind, t.host))
		case t.marked:
			marked[t.id]++
		default:
			plain[t.id]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(due)) {
		switch {
		case plain[id]+marked[id] == 0:
			violations = append(violations, fmt.Sprintf("I3: nobody was told of %s", id))
		case plain[id] > 1:
			violations = append(violations, fmt.Sprintf("I3: told %d times of %s without a mark", plain[id], id))
		}
	}
	return violations
}

// pauses gives, in order, the longest time that ended after since between two checks of each service that is checked.
func (e *evidence) pauses(since time.Time) []time.Duration {
	var all []time.Duration
	for _, p := range e.pausesOf(since) {
		all = append(all, p.length)
	}
	slices.Sort(all)
	return all
}

// pausing is a time without a check.
type pausing struct {
	length time.Duration
	end    time.Time
}

// clock is how moments are told, so that they are found in logs.
const clock = "15:04:05.000"

// pausesOf is pauses by host. The time between the last check and the end counts as well; a service that was never checked is not
// there.
func (e *evidence) pausesOf(since time.Time) map[string]pausing {
	last, longest := map[string]monitor.Time{}, map[string]pausing{}
	note := func(host string, now monitor.Time) {
		before, ok := last[host]
		if length := now.Sub(before); ok && now >= monitor.At(since) && length > longest[host].length {
			longest[host] = pausing{length, time.Unix(0, int64(now))}
		}
		last[host] = max(last[host], now)
	}
	for _, c := range e.checks {
		if c.CheckType == monitor.Active && c.Service == "checked" {
			note(c.Host, c.Started)
		}
	}
	if !e.at.IsZero() {
		for host := range maps.Clone(last) {
			note(host, monitor.At(e.at))
		}
	}
	return longest
}

// latencies gives, in order, how late the checks were that were told of in a time, as far as one wants them.
func (e *evidence) latencies(from, to time.Time, wanted func(*monitor.Check) bool) (all []time.Duration) {
	for i := range e.checks {
		c := &e.checks[i]
		if c.CheckType == monitor.Active && c.Time >= monitor.At(from) && c.Time < monitor.At(to) && wanted(c) {
			all = append(all, c.Latency)
		}
	}
	slices.Sort(all)
	return all
}

// silence gives the longest time that ended after since between two commits of any shard.
func (e *evidence) silence(since time.Time) (longest time.Duration) {
	var last time.Time
	for _, r := range e.records {
		if !last.IsZero() && r.at.After(since) {
			longest = max(longest, r.at.Sub(last))
		}
		last = r.at
	}
	return longest
}

// firstAfter gives when the first record after a moment was stored.
func (e *evidence) firstAfter(at time.Time) (time.Time, bool) {
	for _, r := range e.records {
		if r.at.After(at) && !r.claim {
			return r.at, true
		}
	}
	return time.Time{}, false
}

// firstHeard gives when the first result from outside after a moment was stored.
func (e *evidence) firstHeard(at time.Time) (time.Time, bool) {
	for _, r := range e.records {
		heard := func(b monitor.Brok) bool { return b.Status != nil && b.Status.Service == "result" }
		if r.at.After(at) && slices.ContainsFunc(r.broks, heard) {
			return r.at, true
		}
	}
	return time.Time{}, false
}

// claims counts the changes of owner after since.
func (e *evidence) claims(since time.Time) (n int) {
	for _, r := range e.records {
		if r.claim && r.at.After(since) {
			n++
		}
	}
	return n
}

// gaps is the longest time between two commits of a shard that lie on both sides of a claim after since, for each shard that was
// claimed.
func (e *evidence) gaps(since time.Time) (all []time.Duration) {
	last := map[uint16]time.Time{}
	open := map[uint16]time.Time{} // of shards that were claimed: the last commit before
	for _, r := range e.records {
		switch {
		case r.claim && r.at.After(since):
			if _, twice := open[r.shard]; !twice {
				open[r.shard] = last[r.shard]
			}
		case r.claim:
		default:
			if before, yes := open[r.shard]; yes && !before.IsZero() {
				all = append(all, r.at.Sub(before))
				delete(open, r.shard)
			}
			last[r.shard] = r.at
		}
	}
	slices.Sort(all)
	return all
}
