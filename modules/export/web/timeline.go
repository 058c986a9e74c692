package web

import (
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// timeline is what was with a host or service in a stretch of time. Times are Unix seconds.
type timeline struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Now  float64 `json:"now"`
	// Kept says whether anything is kept at all, and Since from when on; 0 if that is nothing yet.
	Kept  bool    `json:"kept"`
	Since float64 `json:"since"`
	// Gap is since when nothing new is stored, and Why why; 0 while all is well.
	Gap float64 `json:"gap,omitempty"`
	Why string  `json:"why,omitempty"`
	// Bands are the states one after the other. Where there is none it is not known how it was.
	Bands []band `json:"bands"`
	// Known is for how long it is known how it was, Fine for how long it was fine, in seconds.
	Known float64 `json:"known"`
	Fine  float64 `json:"fine"`
	// Flapping and Downtimes lie beside them.
	Flapping  []span `json:"flapping"`
	Downtimes []span `json:"downtimes"`
	// Lines are what happened, the newest first; More says that there was more than that.
	Lines []happening `json:"lines"`
	More  bool        `json:"more"`
}

type span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

type band struct {
	span
	State string `json:"state"`
	Soft  bool   `json:"soft,omitempty"`
	// Count is how many bands were made one, of which State is the worst; left out where there is no such band in the picture.
	Count int `json:"count,omitempty"`
}

// happening is a line of the log in words for a page.
type happening struct {
	Time    float64 `json:"time"`
	Service string  `json:"service,omitempty"` // of the host, if it is about one
	// Kind is state, told, acknowledged, unacknowledged, downtime, flapping, comment, command, handler, passive or other.
	Kind    string `json:"kind"`
	State   string `json:"state,omitempty"`
	Soft    bool   `json:"soft,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	// What is started, stopped, cancelled or disabled, what somebody was told of, or the name of a command.
	What string `json:"what,omitempty"`
	// Who was told or did it, Way is how: the command. Text is what the check or a person said.
	Who  string `json:"who,omitempty"`
	Way  string `json:"way,omitempty"`
	Text string `json:"text,omitempty"`
	// Did says in words what somebody did by a command, and Refused why that was not done.
	Did     string `json:"did,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// happened gives a line in words.
func happened(l *logline.Line) happening {
	ref := monitor.Ref{Host: l.Host, Service: l.Service}
	h := happening{Time: l.Time.Unix(), Service: l.Service, Kind: "other", Text: l.Output}
	switch what := strings.TrimPrefix(strings.TrimPrefix(l.Type, "SERVICE "), "HOST "); {
	case l.Class == logline.Alert && what == "ALERT":
		h.Kind, h.State, h.Soft, h.Attempt = "state", stateName(ref, monitor.State(l.State)), l.StateType == "SOFT", l.Attempt
	case l.Class == logline.Alert && what == "DOWNTIME ALERT":
		h.Kind, h.What, h.Who, h.Text = "downtime", strings.ToLower(l.StateType), l.Person(), l.Comment
	case l.Class == logline.Alert && what == "FLAPPING ALERT":
		h.Kind, h.What, h.Text = "flapping", strings.ToLower(l.StateType), l.Comment
	case l.Class == logline.Alert && what == "ACKNOWLEDGE ALERT":
		h.Kind, h.Who, h.Text = "acknowledged", l.Contact, l.Comment
		if l.StateType != "STARTED" {
			h.Kind, h.Who = "unacknowledged", l.Person()
		}
	case l.Class == logline.Notification:
		h.Kind, h.What, h.Who, h.Way = "told", l.StateType, l.Contact, l.Command
		h.State = stateName(ref, monitor.State(l.State))
	case l.Class == logline.Command:
		h.command(l)
	case l.Class == logline.Passive:
		h.Kind, h.State = "passive", stateName(ref, monitor.State(l.State))
	case what == "EVENT HANDLER":
		h.Kind, h.Way = "handler", l.Command
	default:
		h.Text = l.Message
	}
	return h
}

// draw works out the states and what lies beside them from the lines of one object, the oldest first. before are the lines in front
// of them, the newest first; now is how it is at present.
func (t *timeline) draw(before, lines []happening, now *condition) {
	p := pen{t: t}
	for i := len(before) - 1; i >= 0; i-- {
		p.take(&before[i], true)
	}
	if p.state == nil {
		p.guess(lines, now)
	}
	for i := range lines {
		p.take(&lines[i], false)
	}
	if last := p.changed; now.Known && now.LastChange > last && now.LastChange < t.To && (p.state == nil || p.state.State != now.State) {
		p.take(&happening{Time: now.LastChange, Kind: "state", State: now.State, Soft: now.Soft}, now.LastChange <= t.From)
	}
	p.lift()
}

// pen draws a timeline.
type pen struct {
	t                  *timeline
	state              *band // what is being drawn; nil while it is not known
	changed            float64
	flapping, downtime *span
}

// take goes on to what happened next; early is before the picture begins.
func (p *pen) take(h *happening, early bool) {
	at := max(h.Time, p.t.From)
	switch h.Kind {
	case "state":
		p.changed = h.Time
		if p.state != nil && p.state.State == h.State && p.state.Soft == h.Soft {
			return
		}
		if !early {
			p.band(at)
		}
		p.state = &band{span: span{From: at}, State: h.State, Soft: h.Soft && !fine(h.State)}
	case "flapping":
		p.flapping = p.beside(&p.t.Flapping, p.flapping, h.What == "started", at, early)
	case "downtime":
		p.downtime = p.beside(&p.t.Downtimes, p.downtime, h.What == "started", at, early)
	}
}

// guess says how it was at the beginning when no line says it: as it is, if that is since before; or fine, if the first thing that
// happened was a first failed attempt.
func (p *pen) guess(lines []happening, now *condition) {
	from := max(p.t.From, p.t.Since)
	for i := range lines {
		if h := &lines[i]; h.Kind == "state" {
			if h.Soft && h.Attempt == 1 && p.t.Since > 0 {
				state := "OK"
				if h.Service == "" {
					state = "UP"
				}
				p.state = &band{span: span{From: from}, State: state}
			}
			return
		}
	}
	if now.Known && now.State != "PENDING" && now.LastChange > 0 && now.LastChange < p.t.To {
		p.changed = now.LastChange
		p.state = &band{span: span{From: max(p.t.From, now.LastChange)}, State: now.State, Soft: now.Soft}
	}
}

// band ends the state that is being drawn.
func (p *pen) band(at float64) {
	if p.state != nil && at > p.state.From {
		p.state.To = at
		p.t.Bands = append(p.t.Bands, *p.state)
	}
}

// beside begins or ends a span beside the states.
func (p *pen) beside(all *[]span, open *span, begins bool, at float64, early bool) *span {
	switch {
	case begins && open != nil: // a second downtime in the first: they are one bar
		return open
	case begins:
		return &span{From: at}
	case open != nil && !early && at > open.From:
		*all = append(*all, span{open.From, at})
	}
	return nil
}

// lift ends all that is being drawn.
func (p *pen) lift() {
	end := min(p.t.To, p.t.Now)
	p.band(end)
	for _, one := range []struct {
		all  *[]span
		open *span
	}{{&p.t.Flapping, p.flapping}, {&p.t.Downtimes, p.downtime}} {
		if one.open != nil && end > one.open.From {
			*one.all = append(*one.all, span{one.open.From, end})
		}
	}
}

func fine(state string) bool { return state == "OK" || state == "UP" }
