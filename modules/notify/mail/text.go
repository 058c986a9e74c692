package mail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/onbu/onbu/monitor"
)

// moment is how times are written: short, and with the zone.
const moment = "Mon 2 Jan 2006 15:04:05 MST"

// body writes the text for somebody who was just woken: what is wrong, since when, what it says of itself and how many
// suffer from it come first, and then what helps to look after it.
func body(a *monitor.Action, again bool) string {
	n := a.Notice
	var b strings.Builder
	if again {
		b.WriteString("(You may have this already: nobody knows whether it went out before.)\n\n")
	}
	b.WriteString(headline(a) + "\n")
	if output := line(n.Output); output != "" {
		b.WriteString("\n    " + output + "\n")
	}
	if suffer := impacts(n.Impacts); suffer != "" {
		b.WriteString("\n" + suffer + "\n")
	}
	b.WriteString("\n" + details(a))
	if long := strings.TrimSpace(lines(n.LongOutput)); long != "" {
		b.WriteString("\n" + long + "\n")
	}
	return b.String()
}

// headline says in a sentence what this is about.
func headline(a *monitor.Action) string {
	n, what := a.Notice, name(a)
	is := what + " is " + state(a) + since(n.Since, n.Zone)
	switch n.Type {
	case "PROBLEM":
		return is + lasting(a) + "."
	case "RECOVERY":
		return what + " is " + state(a) + " again" + since(n.Since, n.Zone) + "."
	case "ACKNOWLEDGEMENT":
		return said(n, "acknowledged it") + "\n" + is + "."
	case "FLAPPINGSTART":
		return what + " changes its state too often; you hear no more of its problems until that ends.\nNow it is " + state(a) + "."
	case "FLAPPINGSTOP":
		return what + " keeps its state again: it is " + state(a) + "."
	case "FLAPPINGDISABLED":
		return "Nobody looks any more whether " + what + " changes its state too often; it is " + state(a) + "."
	case "DOWNTIMESTART":
		return said(n, "planned a downtime, which begins now") + "\n" + is + "."
	case "DOWNTIMEEND":
		return said(n, "planned a downtime, which is over") + "\n" + is + "."
	case "DOWNTIMECANCELLED":
		return said(n, "planned a downtime, which was cancelled") + "\n" + is + "."
	}
	return said(n, "wants you to know") + "\n" + is + "."
}

func said(n *monitor.Notice, what string) string {
	who := line(n.Author)
	if who == "" {
		who = "Somebody"
	}
	if n.Comment == "" {
		return who + " " + what + "."
	}
	return who + " " + what + ": " + line(n.Comment)
}

// details lists the rest, a row each; what is not known is left out.
func details(a *monitor.Action) string {
	n := a.Notice
	var b strings.Builder
	row := func(name, value string) {
		if value = line(value); strings.TrimSpace(value) != "" {
			fmt.Fprintf(&b, "%-13s %s\n", name+":", value)
		}
	}
	row("Host", host(a))
	row("Address", n.Address)
	row("Service", a.Service)
	row("State", state(a)+" "+n.StateType.String()+attempt(n))
	row("Notification", notification(n))
	row("Time", written(a.Time, n.Zone))
	row("Notes", n.NotesURL)
	row("Action", n.ActionURL)
	return b.String()
}

func name(a *monitor.Action) string {
	if a.IsHost() {
		return line(a.Host)
	}
	return line(a.Service + " on " + a.Host)
}

func state(a *monitor.Action) string {
	if a.IsHost() {
		return a.Notice.State.HostName()
	}
	return a.Notice.State.ServiceName()
}

func host(a *monitor.Action) string {
	text := a.Host
	if alias := a.Notice.HostAlias; alias != "" && alias != a.Host {
		text += " (" + alias + ")"
	}
	if a.IsHost() {
		return text
	}
	return text + ", " + a.Notice.HostState.HostName()
}

func since(t monitor.Time, zone string) string {
	if t == 0 {
		return ""
	}
	return " since " + written(t, zone)
}

// written writes a time in a zone; one that this machine does not know gives its own.
func written(t monitor.Time, zone string) string {
	if t == 0 {
		return ""
	}
	if loc, err := time.LoadLocation(zone); zone != "" && err == nil {
		return t.Std().In(loc).Format(moment)
	}
	return t.Std().Format(moment)
}

// lasting says how long a problem is there already, if that is worth a word.
func lasting(a *monitor.Action) string {
	d := a.Time.Sub(a.Notice.Since).Round(time.Second)
	if a.Notice.Since == 0 || d < time.Minute {
		return ""
	}
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	return ", for " + text
}

func impacts(n uint32) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 other host or service suffers from it."
	}
	return fmt.Sprintf("%d other hosts and services suffer from it.", n)
}

func attempt(n *monitor.Notice) string {
	if n.MaxAttempts == 0 {
		return ""
	}
	return fmt.Sprintf(", attempt %d of %d", n.Attempt, n.MaxAttempts)
}

func notification(n *monitor.Notice) string {
	if n.Number == 0 {
		return ""
	}
	text := strconv.FormatUint(uint64(n.Number), 10)
	if n.Escalated {
		text += ", escalated"
	}
	return text
}

// line makes one line of a text that came from outside.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// lines keeps line ends and drops other control characters.
func lines(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}
