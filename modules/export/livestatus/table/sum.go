package table

import "github.com/onbu/onbu/monitor"

// sum counts objects by state: the services of a host or of a group, or the hosts of a group.
type sum struct {
	valid                       bool
	hosts, services             [5]int64 // by state, Pending last
	hard                        [5]int64 // of services, by hard state
	worst, worstHard, worstHost int64
	hostCount, serviceCount     int64
}

func (s *sum) addService(o *object) {
	s.serviceCount++
	state := min(o.state.State(), monitor.Pending)
	s.services[state]++
	if state == monitor.Pending {
		return
	}
	hard := min(hardState(o), monitor.Pending)
	s.hard[hard]++
	s.worst, s.worstHard = worse(s.worst, int64(state)), worse(s.worstHard, shownState(hard))
}

func (s *sum) addHost(o *object) {
	s.hostCount++
	state := min(o.state.State(), monitor.Pending)
	s.hosts[state]++
	if state != monitor.Pending {
		s.worstHost = max(s.worstHost, int64(state))
	}
}

// hardState is the state if it is hard, else the last one that was.
func hardState(o *object) monitor.State {
	if o.state.Type() == monitor.Hard {
		return o.state.State()
	}
	return o.state.LastHardState()
}

// worse gives the worse state of services: CRITICAL is worse than UNKNOWN.
func worse(a, b int64) int64 {
	if a == int64(monitor.Critical) || b == int64(monitor.Critical) {
		return int64(monitor.Critical)
	}
	return max(a, b)
}

// ofHost counts the services of the row's host.
func (r *Row) ofHost() *sum {
	if r.sum.valid {
		return &r.sum
	}
	r.sum = sum{valid: true}
	look := Row{World: r.World, x: r.x, host: r.host}
	look.servicesOfHost(r.guarded(), func() bool { r.sum.addService(&look.service); return true })
	return &r.sum
}

// counts are the columns that count services.
func counts[T any](of func(*Row, T) *sum, whose string) []field[T] {
	state := func(name, word string, s monitor.State) field[T] {
		return integer(name, "how many services "+whose+" are "+word, func(r *Row, t T) int64 { return of(r, t).services[s] })
	}
	hard := func(name, word string, s monitor.State) field[T] {
		return integer(name, "how many services "+whose+" are "+word+" in their last hard state", func(r *Row, t T) int64 { return of(r, t).hard[s] })
	}
	return []field[T]{
		integer("num_services", "how many services "+whose+" there are", func(r *Row, t T) int64 { return of(r, t).serviceCount }),
		state("num_services_ok", "OK", monitor.OK), state("num_services_warn", "WARNING", monitor.Warning),
		state("num_services_crit", "CRITICAL", monitor.Critical), state("num_services_unknown", "UNKNOWN", monitor.Unknown),
		state("num_services_pending", "not checked yet", monitor.Pending),
		hard("num_services_hard_ok", "OK", monitor.OK), hard("num_services_hard_warn", "WARNING", monitor.Warning),
		hard("num_services_hard_crit", "CRITICAL", monitor.Critical), hard("num_services_hard_unknown", "UNKNOWN", monitor.Unknown),
		integer("worst_service_state", "the worst state of the services "+whose, func(r *Row, t T) int64 { return of(r, t).worst }),
		integer("worst_service_hard_state", "the worst hard state of the services "+whose, func(r *Row, t T) int64 { return of(r, t).worstHard }),
	}
}
