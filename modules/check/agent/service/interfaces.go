package service

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// nic is a network interface as all sections tell of it.
type nic struct {
	name, alias, index, mac string
	state                   string  // "up", "down" and so on; empty if it is not known
	speed                   float64 // bits in a second; 0 if it is not known
	in, out                 traffic
	at                      time.Time // when the counters were read
	// proc is a line of counters that nobody has read yet; empty when they are in in and out.
	proc string
}

// traffic is what went through an interface one way: counters since it came up or, with rates, what goes in a second.
type traffic struct {
	octets, packets, errors, discards count
	rates                             bool
}

// count is a counter, and the bits after which it begins anew: 32, or 0 for more.
type count struct {
	value float64
	bits  int
}

// interfaceOptions are what the kinds of interfaces take.
func interfaceOptions() map[string]string {
	return map[string]string{
		"state":    "the state that is fine, or any (default up)",
		"speed":    "speed to reckon with in bits per second, such as 100M or 10G, instead of what the host says",
		"in":       "WARN,CRIT for what comes in only, instead of -w and -c",
		"out":      "WARN,CRIT for what goes out only, instead of -w and -c",
		"errors":   "WARN,CRIT for errors, each way: % of packets or per second (default 0.01%,0.1%)",
		"discards": "WARN,CRIT for discards, each way: % of packets or per second (default none)",
	}
}

// discoverInterfaces gives the interfaces that are up, but for those that come and go with containers and tunnels.
func discoverInterfaces(nics []nic) []Found {
	var all []Found
	for i := range nics {
		n := &nics[i]
		lower := strings.ToLower(n.name)
		passing := n.name == "lo" || strings.HasPrefix(n.name, "veth") || strings.Contains(lower, "loopback") ||
			strings.HasPrefix(lower, "isatap") || strings.Contains(lower, "teredo")
		if n.state == "up" && !passing {
			all = append(all, Found{Item: n.name, Description: "Interface " + n.name})
		}
	}
	return all
}

// checkInterface says how the interface is that -i names.
func checkInterface(in *Input, r *Report, nics []nic) {
	n := findInterface(nics, in.Item)
	if n == nil {
		lacks(r, "interface", in.Item, func(yield func(string) bool) {
			for i := range nics {
				if !yield(nics[i].name) {
					return
				}
			}
		})
		return
	}
	if n.proc != "" {
		n.readProc()
	}
	n.sayWhat(in, r)
	speed := n.speed
	if text, ok := in.Options["speed"]; ok {
		var err error
		if speed, err = parseSpeed(text); err != nil {
			r.Say(monitor.Unknown, err.Error())
			return
		}
	}
	l := in.Levels(r, None())
	came := n.way(in, r, "in", &n.in, speed, in.Pair(r, "in", l))
	went := n.way(in, r, "out", &n.out, speed, in.Pair(r, "out", l))
	if !came || !went {
		r.Wait("")
	}
}

// findInterface looks for a name, then an alias, then an index.
func findInterface(nics []nic, item string) *nic {
	for _, is := range []func(n *nic) bool{
		func(n *nic) bool { return n.name == item },
		func(n *nic) bool { return n.alias == item && item != "" },
		func(n *nic) bool { return n.index == strings.TrimLeft(item, "0") && n.index != "" },
	} {
		if i := slices.IndexFunc(nics, func(n nic) bool { return is(&n) }); i >= 0 {
			return &nics[i]
		}
	}
	return nil
}

// sayWhat says name, state, address and speed.
func (n *nic) sayWhat(in *Input, r *Report) {
	if n.name != in.Item {
		r.OK(n.name)
	} else if n.alias != "" && n.alias != n.name {
		r.OK(n.alias)
	}
	want, ok := in.Options["state"]
	if !ok {
		want = "up"
	}
	switch {
	case n.state == "":
		r.OK("state unknown")
	case want != "any" && n.state != want:
		r.Say(monitor.Critical, "state: "+n.state)
	default:
		r.OK("state: " + n.state)
	}
	if n.mac != "" {
		r.OK("MAC: " + n.mac)
	}
	if n.speed > 0 {
		r.OK("speed: " + showSpeed(n.speed))
	}
}

// way says what goes one way, and whether rates are known.
func (n *nic) way(in *Input, r *Report, label string, t *traffic, speed float64, l Levels) bool {
	rate := func(what string, c count) (float64, bool) {
		if t.rates {
			return c.value, true
		}
		return in.Counters.Rate("if."+n.name+"."+label+"."+what, c.value, n.at, c.bits)
	}
	octets, ok := rate("octets", t.octets)
	packets, ok2 := rate("packets", t.packets)
	errors, ok3 := rate("errors", t.errors)
	discards, ok4 := rate("discards", t.discards)
	if !ok || !ok2 || !ok3 || !ok4 {
		return false
	}
	most := math.NaN()
	if speed > 0 {
		most = speed / 8
	}
	r.judgeTraffic(label, octets, most, l)
	r.Metric(Measured(label+"_packets", packets, "").Within(0, math.NaN()))
	faults(r, label+"_errors", errors, packets+errors, in.Pair(r, "errors", percents(0.01, 0.1)))
	faults(r, label+"_discards", discards, packets+discards, in.Pair(r, "discards", None()))
	return true
}

// judgeTraffic judges bytes in a second, of which there can be most at most, NaN for nobody knows. Levels in percent are shown so.
func (r *Report) judgeTraffic(label string, v, most float64, l Levels) {
	amounts, showLevel, text := l.Of(most, false), showByteRate, label+": "+showByteRate(v)
	if l.Percent {
		showLevel = func(v float64) string { return showPercent(v / most * 100) }
	}
	if !math.IsNaN(most) {
		text += " (" + showPercent(v/most*100) + ")"
	}
	state := amounts.State(v)
	if state != monitor.OK {
		text += " (" + amounts.reached(v, showLevel) + ")"
	}
	r.Say(state, text)
	r.Metric(Measured(label, v, "B").By(amounts).Within(0, most))
}

// faults says how many of all packets went wrong.
func faults(r *Report, name string, perSecond, all float64, l Levels) {
	label := strings.ReplaceAll(name, "_", " ")
	switch {
	case l.Percent && all > 0:
		r.Watch(label, perSecond/all*100, l, showPercent)
		l = l.Scale(all / 100)
	case l.Percent:
		l = None()
	default:
		r.Watch(label, perSecond, l, showPerSecond)
	}
	r.Metric(Measured(name, perSecond, "").By(l).Within(0, math.NaN()))
}

// percents are upper levels in percent.
func percents(warn, crit float64) Levels {
	l := Upper(warn, crit)
	l.Percent = true
	return l
}

// parseSpeed reads bits in a second; K, M and G are powers of 1,000.
func parseSpeed(text string) (float64, error) {
	number, factor := text, 1.0
	if i := strings.IndexByte("KMGT", lastByte(text)); i >= 0 && text != "" {
		number, factor = text[:len(text)-1], math.Pow(1000, float64(i+1))
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("-o speed=%s: a speed is a number of bits per second, such as 100M or 10G", text)
	}
	return v * factor, nil
}

func lastByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}

// showSpeed writes bits in a second.
func showSpeed(v float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if v >= u.of {
			return strconv.FormatFloat(v/u.of, 'g', 4, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " bit/s"
}
