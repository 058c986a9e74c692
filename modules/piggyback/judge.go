package piggyback

import (
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
)

// usualAge is how old a payload may be unless a policy says otherwise: Checkmk's piggyback_max_cachefile_age.
const usualAge = time.Hour

// Ahead is how far clocks may differ: a later time than that from now is wrong.
const Ahead = time.Minute

// Judge applies policies. It never changes; any goroutine may use it.
type Judge struct{ all []policy }

type policy struct {
	monitor.PiggybackPolicy
	hosts, sources Patterns
}

// CompilePolicies makes policies ready. It leaves out patterns that are wrong; the errors name the policy and say what to
// write instead. The Judge is never nil.
func CompilePolicies(p monitor.Piggyback) (*Judge, []error) {
	j := &Judge{}
	var wrong []error
	for i := range p.Policies {
		one := policy{PiggybackPolicy: p.Policies[i]}
		var hosts, sources []error
		one.hosts, hosts = CompilePatterns(one.Hosts)
		one.sources, sources = CompilePatterns(one.Sources)
		for _, err := range append(hosts, sources...) {
			wrong = append(wrong, fmt.Errorf("piggyback_policy %q: %w", one.Name, err))
		}
		j.all = append(j.all, one)
	}
	return j, wrong
}

// Policy is what holds for the payloads of a source for a host.
type Policy struct {
	Use      monitor.PiggybackUse // never UseUnset
	MaxAge   time.Duration
	Validity time.Duration
	State    monitor.State // while Validity lasts
}

// Policy gives what holds for the payloads of a source for a host.
func (j *Judge) Policy(target, source string) Policy {
	p := Policy{Use: monitor.UseUnset, MaxAge: -1, Validity: -1, State: monitor.Pending}
	j.each(target, source, func(one *policy) {
		if p.Use == monitor.UseUnset {
			p.Use = one.Use
		}
		if p.MaxAge < 0 && one.MaxAge != nil {
			p.MaxAge = *one.MaxAge
		}
		if p.Validity < 0 && one.Validity != nil {
			p.Validity = *one.Validity
		}
		if p.State == monitor.Pending && one.ValidityState != nil {
			p.State = *one.ValidityState
		}
	})
	return p.orDefault()
}

func (p Policy) orDefault() Policy {
	if p.Use == monitor.UseUnset {
		p.Use = monitor.UseIfPresent
	}
	if p.MaxAge < 0 {
		p.MaxAge = usualAge
	}
	p.Validity = max(p.Validity, 0)
	if p.State > monitor.Unknown {
		p.State = monitor.OK
	}
	return p
}

// Use gives what a host does with payloads, whoever they are from. Policies that name sources do not count for that.
func (j *Judge) Use(target string) monitor.PiggybackUse {
	use := monitor.UseUnset
	j.each(target, "", func(one *policy) {
		if use == monitor.UseUnset && len(one.Sources) == 0 {
			use = one.Use
		}
	})
	if use == monitor.UseUnset {
		return monitor.UseIfPresent
	}
	return use
}

// each hands on the policies for a pair, the ones that count first to begin with: those for the host, those for the source,
// those for all, each in their order.
func (j *Judge) each(target, source string, handle func(*policy)) {
	for rank := range 3 {
		for i := range j.all {
			one := &j.all[i]
			if one.rank() == rank && (len(one.Hosts) == 0 || one.hosts.Fit(target)) && (len(one.Sources) == 0 || one.sources.Fit(source)) {
				handle(one)
			}
		}
	}
}

func (p *policy) rank() int {
	switch {
	case len(p.Hosts) > 0:
		return 0
	case len(p.Sources) > 0:
		return 1
	}
	return 2
}

// Judgement is what policies say of a payload, or of all payloads of a host.
type Judgement struct {
	Usable bool
	State  monitor.State
	Text   string
	// Fresh says that the newest output of its source has it.
	Fresh bool
}

// Payload judges a payload that was fetched at a moment, from a source whose last output with payloads is of contact; never
// for a source that is not known, or whose newest output holds no payloads. One that is of a time yet to come is used with a
// WARNING, and not at all when that is further off than payloads may be old. The texts are Checkmk's, but for that one.
func (j *Judge) Payload(target, source string, at, contact, now monitor.Time) Judgement {
	if j.Use(target) == monitor.UseNever {
		return Judgement{Text: "Piggyback data not used for this host"}
	}
	p := j.Policy(target, source)
	age := now.Sub(at)
	switch {
	case p.Use == monitor.UseNever:
		return Judgement{Text: fmt.Sprintf("Piggyback data from source '%s' not used", source)}
	case age < -Ahead:
		return Judgement{
			Usable: age >= -p.MaxAge, State: monitor.Warning,
			Text: fmt.Sprintf("Piggyback data from source '%s' are of a time yet to come (in %s): compare the clocks of the pollers", source, Timedelta(-age)),
		}
	case age > p.MaxAge:
		state := monitor.OK
		if p.Use == monitor.UseExpect {
			state = monitor.Warning
		}
		return Judgement{State: state, Text: fmt.Sprintf("Piggyback data outdated (age: %s, allowed: %s)", Timedelta(age), Timedelta(p.MaxAge))}
	case contact != 0 && at >= contact:
		return Judgement{Usable: true, Fresh: true, Text: fmt.Sprintf("Successfully processed from source '%s'", source)}
	case age < p.Validity:
		return Judgement{Usable: true, State: p.State, Text: fmt.Sprintf("Piggyback data not updated by source '%s' (still valid, %s left)", source, Timedelta(p.Validity-age))}
	}
	return Judgement{Usable: true, Text: fmt.Sprintf("Piggyback data not updated by source '%s'", source)}
}

// Missing judges a host that has no payload at all.
func Missing(use monitor.PiggybackUse) Judgement {
	if use == monitor.UseExpect {
		return Judgement{State: monitor.Warning, Text: "Missing data"}
	}
	return Judgement{Text: "Success (but no data found for this host)"}
}

// Timedelta writes a duration as Python does, in whole seconds: "1 day, 1:43:55".
func Timedelta(d time.Duration) string {
	seconds := int64(d.Round(time.Second) / time.Second)
	days := seconds / 86400
	seconds %= 86400
	if seconds < 0 {
		days, seconds = days-1, seconds+86400
	}
	clock := fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	switch days {
	case 0:
		return clock
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, clock)
	}
	return fmt.Sprintf("%d days, %s", days, clock)
}
