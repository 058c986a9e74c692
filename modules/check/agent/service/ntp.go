package service

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// ntpKind is how far a clock is from NTP time, by `ntpq -np`: from the peer that ntpd follows, or with an item from one peer.
func ntpKind() Kind {
	return Kind{
		Name:     "ntp",
		Sections: []string{"ntp"},
		Discover: func(in *Input) []Found {
			if len(peersOf(in.first("ntp"))) == 0 {
				return nil
			}
			return []Found{{Description: "NTP Time"}}
		},
		Check: checkNTP,
		Takes: map[string]string{
			"stratum": "WARN,CRIT for the stratum (10,10)",
			"sync":    "WARN,CRIT for how long no peer has been followed (5m,60m)",
		},
	}
}

// peer is a line of ntpq -np.
type peer struct {
	tally, name, refid, reach     string
	stratum, when, offset, jitter float64 // when in seconds, offset and jitter in milliseconds
}

func peersOf(s *section.Section) []peer {
	var all []peer
	for _, columns := range s.Rows() {
		if len(columns) != 11 {
			continue
		}
		p := peer{tally: columns[0], name: columns[1], refid: columns[2], reach: columns[7], when: ntpWhen(columns[5])}
		var ok1, ok2, ok3 bool
		p.stratum, ok1 = numeral(columns[3])
		p.offset, ok2 = numeral(columns[9])
		p.jitter, ok3 = numeral(columns[10])
		if ok1 && ok2 && ok3 {
			all = append(all, p)
		}
	}
	return all
}

// ntpWhen reads how long ago a packet came: 35, 12m, 3h, 2d, or - for never.
func ntpWhen(text string) float64 {
	v, rest, ok := leading(text)
	if !ok {
		return math.NaN()
	}
	switch rest {
	case "m":
		return v * 60
	case "h":
		return v * 3600
	case "d":
		return v * 86400
	}
	return v
}

// tally is what ntpq means with a peer's first character.
func tally(mark string) string {
	words := map[string]string{
		"x": "falseticker", ".": "excess", "-": "outlier", "+": "candidate", "#": "selected", "*": "system peer", "o": "PPS peer", "%": "discarded",
	}
	if word, ok := words[mark]; ok {
		return word
	}
	return "unknown"
}

func checkNTP(in *Input, r *Report) {
	all := peersOf(in.first("ntp"))
	if in.Item != "" {
		if p, ok := pick(in, r, "NTP peer", all, func(p peer) string { return p.name }); ok {
			checkPeer(in, r, p)
		}
		return
	}
	at := slices.IndexFunc(all, func(p peer) bool { return p.tally == "*" || p.tally == "o" })
	judgeNoSync(in, r, "ntp.sync", at >= 0, in.Pair(r, "sync", Upper(300, 3600)))
	switch {
	case at >= 0:
		checkPeer(in, r, all[at])
	case len(all) > 0:
		r.OK(fmt.Sprintf("found %d peers, but none is suitable", len(all)))
	default:
		r.OK("ntpd has no peers")
	}
}

func checkPeer(in *Input, r *Report, p peer) {
	offset, stratum := in.Levels(r, Upper(0.2, 0.5)), in.Pair(r, "stratum", Upper(10, 10))
	if strings.Trim(p.reach, "0") == "" {
		r.Say(monitor.Unknown, "peer "+p.name+" cannot be reached")
		return
	}
	r.OK("Peer: " + p.name)
	judgeOffset(r, math.Abs(p.offset)/1000, offset)
	r.Measure("Stratum", Measured("stratum", p.stratum, "").By(stratum), showCount)
	r.Measure("Jitter", Measured("jitter", p.jitter/1000, "s"), showSpan)
	if p.when > 0 {
		r.Detail("Time since last packet: " + showSpan(p.when))
	}
	state := monitor.OK
	if p.tally == "x" {
		state = monitor.Critical
	}
	r.Notice(state, "State: "+tally(p.tally))
}
