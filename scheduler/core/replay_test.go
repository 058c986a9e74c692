package core_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// player drives a core at random and keeps its journal.
type player struct {
	t       *testing.T
	r       *rand.Rand
	inv     *monitor.Inventory
	core    *core.Core
	now     monitor.Time
	jobs    []monitor.Job
	journal []monitor.Brok
	d       core.Decisions
}

func newPlayer(t *testing.T, seed uint64) *player {
	w := newWorld()
	for _, line := range strings.Split(`option hard_unknown_phase
period office monday 09:00-17:00
period noon monday 08:30-08:50,09:30-09:50
option enable_flap_detection
command handle $SERVICESTATE$ $HOSTSTATE$
contact ada options=d,u,w,n,c,r,f
contact bob options=c,d
contact eve period=office
contact tim options=c,d,r,s
way tim second options=w,u,n
host core attempts=2 flap=10-15 options=d,r,f contacts=ada handler=handle interval=1m retry=10s
host gw1 parents=core attempts=3 contacts=ada,bob interval=1m retry=10s
host gw2 parents=core command=none
host web1 parents=gw1,gw2 attempts=1 contacts=bob interval=1m
host web2 parents=gw1 attempts=4 contacts=ada interval=0
service web1/http attempts=3 flap=10-15 options=w,n,c,r,f handler=handle contacts=ada,bob,eve interval=30s retry=5s renotify=2m
service web1/volatile attempts=1 handler=handle flap=5-20 contacts=ada volatile=1
service web2/backup maintenance=noon attempts=2 contacts=ada active=0 fresh=2m delay=1m
service web2/http attempts=2 contacts=ada interval=30s renotify=0 snapshot=handle snapinterval=1m
service core/ping attempts=1 contacts=eve interval=30s checkperiod=office
depends web1/http core/ping exec=c notify=c,n inherits=1
depends web2 gw1 notify=d
depends web2/http web1 exec=d,u
parents web2/backup web1/http web1/volatile
option service_skip_check_dependency_status=2
option predictive
host shop attempts=1 contacts=ada
service shop/pages attempts=2 contacts=ada,bob interval=1m retry=10s
service shop/all attempts=1 contacts=ada
rule shop/pages smart ack 1 of: g:www,http
rule shop/all (shop,pages & web1,volatile) | !core
rule shop ,pages & core
hostgroup www web1 web2
escalation web1/http first=2 last=4 contacts=bob,tim interval=1m
escalation web1/http after=3m contacts=eve,tim
escalation core first=1 contacts=tim options=d,r,s
option hard_unknown_phase`, "\n") {
		if !w.define(t, line) {
			t.Fatalf("not understood: %s", line)
		}
	}
	p := &player{t: t, r: rand.New(rand.NewPCG(seed, 3)), inv: w.inventory(), now: t0.Add(8 * time.Hour)}
	if seed%2 == 1 {
		p.inv.Options.ParentWait, p.inv.Options.ImpactStates = 30*time.Second, true
	}
	p.core = p.fresh()
	p.core.Begin(p.now)
	return p
}

func (p *player) fresh() *core.Core {
	c, err := core.New(p.inv, 7, core.Seed{Start: t0})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// step does something at random.
func (p *player) step() {
	p.now = p.now.Add(time.Duration(p.r.Int64N(int64(20 * time.Second))))
	switch p.r.IntN(8) {
	case 0:
		p.submit()
	case 1:
		p.obey()
	case 2, 3:
		p.core.Tick(p.now, &p.d)
	case 4:
		if job, ok := p.takeJob(); ok {
			p.core.Orphan(p.now, []core.JobKey{{Object: job.Object, Seq: job.Seq}}, &p.d)
		}
	default:
		p.answer()
	}
	p.record()
}

// record keeps what was decided.
func (p *player) record() {
	for i := range p.d.Broks {
		if b := p.d.Broks[i]; b.Durable() {
			if b.Status != nil {
				own := *b.Status
				b.Status = &own
			}
			p.journal = append(p.journal, b)
		}
	}
	p.jobs = append(p.jobs, p.d.Jobs...)
	p.d.Reset()
}

func (p *player) takeJob() (monitor.Job, bool) {
	if len(p.jobs) == 0 {
		return monitor.Job{}, false
	}
	i := p.r.IntN(len(p.jobs))
	job := p.jobs[i]
	if p.r.IntN(10) > 0 { // now and then an answer comes twice
		p.jobs = append(p.jobs[:i], p.jobs[i+1:]...)
	}
	return job, true
}

func (p *player) outcome() monitor.Outcome {
	return monitor.Outcome{State: monitor.State(p.r.IntN(4) * p.r.IntN(2)), Output: fmt.Sprint("output ", p.r.IntN(9))}
}

func (p *player) answer() {
	job, ok := p.takeJob()
	if !ok {
		return
	}
	p.core.Observe(p.now, []monitor.Result{{
		Shard: job.Shard, Epoch: job.Epoch, Object: job.Object, Seq: job.Seq,
		Started: p.now.Add(-time.Second), Finished: p.now, Poller: "p1", Module: "test", Outcome: p.outcome(),
	}}, &p.d)
}

func (p *player) ref() monitor.Ref { return p.inv.Ref(monitor.ID(p.r.IntN(p.inv.Objects()))) }

func (p *player) submit() {
	p.core.Submit(p.now, []monitor.Submission{{Ref: p.ref(), Source: "test", Outcome: p.outcome()}}, &p.d)
}

func (p *player) obey() {
	ref, name := p.ref(), "HOST"
	args := ref.Host
	if !ref.IsHost() {
		name, args = "SVC", ref.Host+";"+ref.Service
	}
	seconds := int64(p.now) / 1e9
	lines := []string{
		fmt.Sprintf("ACKNOWLEDGE_%s_PROBLEM;%s;%d;1;%d;bob;busy", name, args, p.r.IntN(3), p.r.IntN(2)),
		fmt.Sprintf("REMOVE_%s_ACKNOWLEDGEMENT;%s", name, args),
		fmt.Sprintf("SCHEDULE_%s_DOWNTIME;%s;%d;%d;1;0;0;bob;works", name, args, seconds+p.r.Int64N(20), seconds+20+p.r.Int64N(60)),
		fmt.Sprintf("DEL_ALL_%s_DOWNTIMES;%s", name, args),
		fmt.Sprintf("SCHEDULE_%s_DOWNTIME;%s;%d;%d;0;%d;%d;bob;flexible", name, args, seconds, seconds+20+p.r.Int64N(60), p.downtime(), 5+p.r.Int64N(60)),
		fmt.Sprintf("SCHEDULE_%s_DOWNTIME;%s;%d;%d;1;%d;0;bob;triggered", name, args, seconds, seconds+20+p.r.Int64N(60), p.downtime()),
		fmt.Sprintf("SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;%s;%d;%d;%d;0;30;bob;tied", ref.Host, seconds, seconds+60, p.r.IntN(2)),
		fmt.Sprintf("SCHEDULE_CONTACT_DOWNTIME;bob;%d;%d;bob;away", seconds+p.r.Int64N(20), seconds+20+p.r.Int64N(60)),
		fmt.Sprintf("ACKNOWLEDGE_%s_PROBLEM_EXPIRE;%s;%d;1;%d;%d;bob;busy", name, args, p.r.IntN(3), p.r.IntN(2), seconds+1+p.r.Int64N(90)),
		fmt.Sprintf("SEND_CUSTOM_%s_NOTIFICATION;%s;%d;bob;look", name, args, p.r.IntN(8)),
		fmt.Sprintf("SET_%s_NOTIFICATION_NUMBER;%s;%d", name, args, p.r.IntN(4)),
		fmt.Sprintf("DELAY_%s_NOTIFICATION;%s;%d", name, args, seconds+p.r.Int64N(90)),
		fmt.Sprintf("ADD_%s_COMMENT;%s;1;bob;note", name, args),
		fmt.Sprintf("DEL_ALL_%s_COMMENTS;%s", name, args),
		fmt.Sprintf("DISABLE_%s_CHECK;%s", name, args),
		fmt.Sprintf("ENABLE_%s_CHECK;%s", name, args),
		fmt.Sprintf("SCHEDULE_FORCED_%s_CHECK;%s;%d", name, args, seconds),
		fmt.Sprintf("DISABLE_HOST_SVC_NOTIFICATIONS;%s", ref.Host),
		fmt.Sprintf("ENABLE_HOST_SVC_NOTIFICATIONS;%s", ref.Host),
		"SCHEDULE_HOSTGROUP_SVC_DOWNTIME;www;" + fmt.Sprintf("%d;%d;1;0;0;bob;works", seconds, seconds+30),
		fmt.Sprintf("DISABLE_%s_FLAP_DETECTION;%s", name, args),
		fmt.Sprintf("ENABLE_%s_FLAP_DETECTION;%s", name, args),
		"DISABLE_FLAP_DETECTION", "ENABLE_FLAP_DETECTION", "ENABLE_FLAP_DETECTION",
		"DISABLE_NOTIFICATIONS", "ENABLE_NOTIFICATIONS", "ENABLE_NOTIFICATIONS",
		"DISABLE_CONTACT_HOST_NOTIFICATIONS;ada", "ENABLE_CONTACT_HOST_NOTIFICATIONS;ada",
	}
	if p.r.IntN(8) == 0 { // rarely: most make for fewer notifications
		lines = []string{
			fmt.Sprintf("CHANGE_MAX_%s_CHECK_ATTEMPTS;%s;%d", name, args, 1+p.r.IntN(4)),
			fmt.Sprintf("CHANGE_NORMAL_%s_CHECK_INTERVAL;%s;%d", name, args, p.r.IntN(3)),
			fmt.Sprintf("CHANGE_%s_CHECK_COMMAND;%s;check!%d", name, args, p.r.IntN(3)),
			fmt.Sprintf("CHANGE_CUSTOM_%s_VAR;%s;_V%d;%d", name, args, p.r.IntN(2), p.r.IntN(3)),
			fmt.Sprintf("CHANGE_%s_MODATTR;%s;%d", name, args, p.r.IntN(1<<17)),
			fmt.Sprintf("CHANGE_CONTACT_SVC_NOTIFICATION_TIMEPERIOD;%s;office", []string{"ada", "bob"}[p.r.IntN(2)]),
			fmt.Sprintf("CHANGE_CONTACT_MODSATTR;ada;%d", p.r.IntN(2)),
		}
	}
	req, err := command.Parse(lines[p.r.IntN(len(lines))], p.now)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = p.core.Obey(p.now, req, &p.d) // many are refused: there is nothing to acknowledge, say
}

// downtime gives the number of one that is there, or 0.
func (p *player) downtime() uint64 {
	all := p.core.Snapshot().Downtimes
	if len(all) == 0 || p.r.IntN(3) == 0 {
		return 0
	}
	return all[p.r.IntN(len(all))].ID
}

// lasting gives what a core remembers without what only the latest checks said.
func lasting(c *core.Core) core.Snapshot {
	s := c.Snapshot()
	s.Time = 0
	for i := range s.Statuses {
		st := &s.Statuses[i]
		st.LastCheck, st.NextCheck, st.LastUpdate, st.Latency, st.Execution = 0, 0, 0, 0, 0
		st.Pinned = false // with NextCheck: it passes when the check is made
		st.History, st.PercentChange = 0, 0
		st.LastTimeOK, st.LastTimeWarning, st.LastTimeCritical, st.LastTimeUnknown = 0, 0, 0, 0
		st.Output, st.LongOutput, st.Perfdata, st.Module, st.Poller = "", "", "", "", ""
		st.Sources, st.BusinessImpact = nil, 0 // Begin works them out from the states
	}
	return s
}

func TestTheJournalHoldsEverythingThatLasts(t *testing.T) {
	for seed := range uint64(60) {
		p := newPlayer(t, seed)
		var snapshot core.Snapshot
		from := -1
		for i := range 800 {
			if i == p.r.IntN(800) {
				snapshot, from = p.core.Snapshot(), len(p.journal)
			}
			p.step()
		}
		whole := p.fresh()
		for i := range p.journal {
			whole.Replay(&p.journal[i])
		}
		if diff := cmp.Diff(lasting(p.core), lasting(whole)); diff != "" {
			t.Fatalf("seed %d: live and replayed differ (-live +replayed):\n%s", seed, diff)
		}
		spare := p.fresh()
		for i := range p.journal {
			if p.journal[i].Kind != monitor.BrokHeard {
				spare.Replay(&p.journal[i])
			}
		}
		if diff := cmp.Diff(lasting(p.core), lasting(spare)); diff != "" {
			t.Fatalf("seed %d: live and replayed without what was only heard differ (-live +replayed):\n%s", seed, diff)
		}
		if from < 0 {
			continue
		}
		rest := p.fresh()
		rest.Restore(snapshot)
		for i := range p.journal[from:] {
			rest.Replay(&p.journal[from+i])
		}
		if diff := cmp.Diff(lasting(p.core), lasting(rest)); diff != "" {
			t.Fatalf("seed %d: live and restored differ (-live +restored):\n%s", seed, diff)
		}
	}
}

// A state that repeats is not worth a record: the journal has the history as it was at the last brok, and a snapshot as
// it is.
func TestHistoriesSurvive(t *testing.T) {
	flapped := 0
	for seed := range uint64(20) {
		p := newPlayer(t, seed)
		for range 800 {
			p.step()
		}
		whole, restored := p.fresh(), p.fresh()
		for i := range p.journal {
			whole.Replay(&p.journal[i])
		}
		restored.Restore(p.core.Snapshot())
		for id := range monitor.ID(p.inv.Objects()) {
			live, replayed := p.core.Status(id), whole.Status(id)
			if got := restored.Status(id); got.History != live.History || got.PercentChange != live.PercentChange {
				t.Errorf("seed %d: %s was restored with history %x, want %x", seed, live.Ref, got.History, live.History)
			}
			if !repeats(live.History, replayed.History) {
				t.Errorf("seed %d: %s was replayed with history %x, which does not lead to %x", seed, live.Ref, replayed.History, live.History)
			}
			if live.Flapping {
				flapped++
			}
		}
	}
	if flapped == 0 {
		t.Error("nothing flapped at the end of any run")
	}
}

// repeats says whether a history is another one with its newest state repeated.
func repeats(longer, shorter uint64) bool {
	for range 21 {
		if longer == shorter {
			return true
		}
		shorter = (shorter<<2 | shorter&3) & (1<<42 - 1)
	}
	return longer == shorter
}

func TestTheSameActionHasTheSameNameAndNoOtherHasIt(t *testing.T) {
	names := make(map[string]string)
	for seed := range uint64(10) {
		p, twin := newPlayer(t, seed), newPlayer(t, seed)
		own := make(map[string]bool)
		for range 800 {
			p.step()
			twin.step()
		}
		for i := range p.journal {
			a, b := p.journal[i].Action, twin.journal[i].Action
			if a == nil {
				continue
			}
			if a.ID != b.ID {
				t.Fatalf("two runs name %q %s and %s", p.journal[i].Text, a.ID, b.ID)
			}
			if own[a.ID] {
				t.Fatalf("%s is there twice: %s and %s", a.ID, names[a.ID], p.journal[i].Text)
			}
			own[a.ID], names[a.ID] = true, p.journal[i].Text
		}
	}
	if len(names) < 100 {
		t.Errorf("only %d notifications in all: the run is too quiet to show anything", len(names))
	}
}
