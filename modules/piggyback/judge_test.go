package piggyback_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

func judge(t *testing.T, all ...monitor.PiggybackPolicy) *piggyback.Judge {
	t.Helper()
	j, wrong := piggyback.CompilePolicies(monitor.Piggyback{Policies: all})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return j
}

func TestJudgeSaysWhatCheckmkSays(t *testing.T) {
	hour, two, zero, crit := time.Hour, 2*time.Hour, time.Duration(0), monitor.Critical
	short := monitor.PiggybackPolicy{MaxAge: &hour}
	const now = monitor.Time(1700000000e9)
	for _, c := range []struct {
		name     string
		policies []monitor.PiggybackPolicy
		age      time.Duration
		contact  time.Duration // before now; negative for never
		want     piggyback.Judgement
	}{
		{"fresh", nil, time.Minute, time.Minute, piggyback.Judgement{Usable: true, Fresh: true, Text: "Successfully processed from source 'esx01'"}},
		{"just not too old", nil, hour, hour, piggyback.Judgement{Usable: true, Fresh: true, Text: "Successfully processed from source 'esx01'"}},
		{"too old", nil, 70 * time.Minute, 70 * time.Minute, piggyback.Judgement{Text: "Piggyback data outdated (age: 1:10:00, allowed: 1:00:00)"}},
		{"too old by days", []monitor.PiggybackPolicy{short}, 24*hour + 103*time.Minute + 55*time.Second, 0, piggyback.Judgement{Text: "Piggyback data outdated (age: 1 day, 1:43:55, allowed: 1:00:00)"}},
		{"left out by the source", nil, 2 * time.Minute, time.Minute, piggyback.Judgement{Usable: true, Text: "Piggyback data not updated by source 'esx01'"}},
		{"the source is silent", nil, 2 * time.Minute, -1, piggyback.Judgement{Usable: true, Text: "Piggyback data not updated by source 'esx01'"}},
		{"a little ahead", nil, -time.Minute, -time.Minute, piggyback.Judgement{Usable: true, Fresh: true, Text: "Successfully processed from source 'esx01'"}},
		{"ahead", nil, -two / 4, -two / 4, piggyback.Judgement{Usable: true, State: monitor.Warning, Text: "Piggyback data from source 'esx01' are of a time yet to come (in 0:30:00): compare the clocks of the pollers"}},
		{"far ahead", nil, -two, 0, piggyback.Judgement{State: monitor.Warning, Text: "Piggyback data from source 'esx01' are of a time yet to come (in 2:00:00): compare the clocks of the pollers"}},
		{
			"still valid",
			[]monitor.PiggybackPolicy{{Sources: []monitor.Pattern{name("esx01")}, Validity: &hour, ValidityState: &crit}},
			56*time.Minute + 56*time.Second, time.Minute,
			piggyback.Judgement{Usable: true, State: monitor.Critical, Text: "Piggyback data not updated by source 'esx01' (still valid, 0:03:04 left)"},
		},
		{
			"no longer valid",
			[]monitor.PiggybackPolicy{{Validity: &hour, ValidityState: &crit, MaxAge: &two}},
			hour, time.Minute,
			piggyback.Judgement{Usable: true, Text: "Piggyback data not updated by source 'esx01'"},
		},
		{
			"expected and too old",
			[]monitor.PiggybackPolicy{{Hosts: []monitor.Pattern{expr("vm")}, Use: monitor.UseExpect}},
			two, two,
			piggyback.Judgement{State: monitor.Warning, Text: "Piggyback data outdated (age: 2:00:00, allowed: 1:00:00)"},
		},
		{
			"never",
			[]monitor.PiggybackPolicy{{Hosts: []monitor.Pattern{name("vm17")}, Use: monitor.UseNever}},
			zero, zero,
			piggyback.Judgement{Text: "Piggyback data not used for this host"},
		},
		{
			"never from this source",
			[]monitor.PiggybackPolicy{{Sources: []monitor.Pattern{name("esx01")}, Use: monitor.UseNever}},
			zero, zero,
			piggyback.Judgement{Text: "Piggyback data from source 'esx01' not used"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			contact := now.Add(-c.contact)
			if c.contact == -1 {
				contact = 0
			}
			if got := judge(t, c.policies...).Payload("vm17", "esx01", now.Add(-c.age), contact, now); got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestPoliciesForHostsCountBeforeThoseForSources(t *testing.T) {
	minutes := func(n int) *time.Duration {
		d := time.Duration(n) * time.Minute
		return &d
	}
	j := judge(
		t,
		monitor.PiggybackPolicy{MaxAge: minutes(1), Use: monitor.UseExpect},
		monitor.PiggybackPolicy{Sources: []monitor.Pattern{name("esx01")}, MaxAge: minutes(2), Validity: minutes(5)},
		monitor.PiggybackPolicy{Hosts: []monitor.Pattern{expr("vm1")}, Sources: []monitor.Pattern{name("esx02")}, MaxAge: minutes(3)},
		monitor.PiggybackPolicy{Hosts: []monitor.Pattern{name("vm17")}, MaxAge: minutes(4), Use: monitor.UseIfPresent},
	)
	for _, c := range []struct {
		target, source string
		age, validity  int
		use            monitor.PiggybackUse
	}{
		{"vm17", "esx01", 4, 5, monitor.UseIfPresent},
		{"vm17", "esx02", 3, 0, monitor.UseIfPresent},
		{"vm18", "esx01", 2, 5, monitor.UseExpect},
		{"web1", "esx09", 1, 0, monitor.UseExpect},
	} {
		got, want := j.Policy(c.target, c.source), piggyback.Policy{Use: c.use, MaxAge: *minutes(c.age), Validity: *minutes(c.validity)}
		if got != want {
			t.Errorf("%s from %s: got %+v, want %+v", c.target, c.source, got, want)
		}
		if got := j.Use(c.target); got != c.use {
			t.Errorf("use of %s is %d, want %d", c.target, got, c.use)
		}
	}
}

func TestMissing(t *testing.T) {
	if got, want := piggyback.Missing(monitor.UseExpect), (piggyback.Judgement{State: monitor.Warning, Text: "Missing data"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := piggyback.Missing(monitor.UseIfPresent), (piggyback.Judgement{Text: "Success (but no data found for this host)"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTimedeltaIsPythons(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00:00", 59 * time.Second: "0:00:59", 10 * time.Hour: "10:00:00", 24 * time.Hour: "1 day, 0:00:00",
		100000 * time.Second: "1 day, 3:46:40", 49 * time.Hour: "2 days, 1:00:00", -time.Second: "-1 day, 23:59:59",
	} {
		if got := piggyback.Timedelta(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
