package service

import (
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// tcpKind counts the TCP connections of a host by their state.
func tcpKind() Kind {
	takes := map[string]string{}
	for _, name := range tcpStates() {
		takes[strings.ToLower(name)] = "WARN,CRIT for connections in that state"
	}
	return Kind{
		Name:     "tcp_conn_stats",
		Sections: []string{"tcp_conn_stats"},
		Discover: func(in *Input) []Found {
			if _, ok := tcpCounts(in.first("tcp_conn_stats")); !ok {
				return nil
			}
			return []Found{{Description: "TCP Connections"}}
		},
		Check: checkTCP,
		Takes: takes,
	}
}

// tcpStates are the states of connections in the order of the kernel's numbers, from 1 on (include/net/tcp_states.h).
func tcpStates() []string {
	return []string{
		"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
	}
}

// tcpCounts reads STATE COUNT, the state as a hexadecimal number or by its name. ok says that there was any line.
func tcpCounts(s *section.Section) (counts [11]float64, ok bool) {
	names := tcpStates()
	for _, columns := range s.Rows() {
		if len(columns) != 2 {
			continue
		}
		n, fine := numeral(columns[1])
		state, err := strconv.ParseUint(columns[0], 16, 8)
		for i, name := range names {
			if fine && (err == nil && int(state) == i+1 || columns[0] == name) {
				counts[i] += n
				ok = true
			}
		}
	}
	return counts, ok
}

func checkTCP(in *Input, r *Report) {
	counts, ok := tcpCounts(in.first("tcp_conn_stats"))
	levels := in.Levels(r, None())
	if !ok {
		r.Say(monitor.Unknown, "the agent does not show the TCP connections")
		return
	}
	for i, name := range tcpStates() {
		own := None()
		if i == 0 {
			own = levels
		}
		own = in.Pair(r, strings.ToLower(name), own)
		r.Metric(Measured(name, counts[i], "").By(own).Within(0, math.NaN()))
		if i == 0 {
			r.Judge("Established", counts[i], own, showCount)
		} else if counts[i] > 0 || !own.Empty() {
			r.Watch(name, counts[i], own, showCount)
		}
	}
}
