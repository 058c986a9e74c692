package web

import (
	"github.com/onbu/onbu/broker/problems"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
)

// problemRow is a problem as pages show it.
type problemRow struct {
	Host     string `json:"host"`
	Service  string `json:"service,omitempty"`
	Alias    string `json:"alias,omitempty"`
	State    string `json:"state"`
	Output   string `json:"output,omitempty"`
	Since    int64  `json:"since"`          // when it got this state
	Fine     int64  `json:"fine,omitempty"` // when it was last OK or UP
	Business int8   `json:"business"`
	// Attempt of Attempts is set while it is being confirmed.
	Attempt  uint16 `json:"attempt,omitempty"`
	Attempts uint16 `json:"attempts,omitempty"`
	// Own is what its own last result said, where it is only shown like this because of what it suffers from.
	Own      string `json:"own,omitempty"`
	Flapping bool   `json:"flapping,omitempty"`
	Unsure   bool   `json:"unsure,omitempty"`
	Handled  bool   `json:"handled,omitempty"`
	// Told is how many times people were told, Last when, and Whom who they are, as far as it is remembered.
	Told uint32   `json:"told,omitempty"`
	Last int64    `json:"last,omitempty"`
	Whom []string `json:"whom,omitempty"`
	// Muted says that nobody is told because notifications are off.
	Muted    bool  `json:"muted,omitempty"`
	Ack      *note `json:"ack,omitempty"`
	Downtime *note `json:"downtime,omitempty"`
	// HostDowntime is the downtime of a service's host.
	HostDowntime *note `json:"hostDowntime,omitempty"`
	Comments     int   `json:"comments,omitempty"` // of people, besides that of the acknowledgement
	// Behind is what it suffered from, where that is in no trouble any more.
	Behind string `json:"behind,omitempty"`
	// Impacts counts what follows from it by state; Fit is how many of them fit the filter, where not all do.
	Impacts map[string]int `json:"impacts,omitempty"`
	Fit     *int           `json:"fit,omitempty"`
}

// note is what somebody wrote about a problem.
type note struct {
	By    string `json:"by"`
	Text  string `json:"text"`
	At    int64  `json:"at"`
	Until int64  `json:"until,omitempty"`
}

// mostOutput bounds the output in a list: the rest is in the object's page.
const mostOutput = 400

// row gives one of the problems.
func (l *look) row(i int32) problemRow {
	p := &l.list.All[i]
	s := p.Status
	row := problemRow{
		Host: p.Host, Service: p.Service, State: p.State.String(), Output: clipped(s.Output), Since: unix(s.Since()), Fine: unix(s.LastTimeOK),
		Business: s.BusinessImpact, Flapping: s.Flapping, Unsure: p.Marks&problems.Unsure != 0, Handled: p.Marks.Handled(),
		Told: s.NotificationNumber, Last: unix(s.LastNotification), Muted: s.Switches&monitor.Notifications == 0,
	}
	if s.Overlaid {
		own := monitor.Status{Ref: p.Ref, State: s.OwnState}
		row.Own = own.StateName()
	}
	if row.Told > 0 {
		row.Whom = l.told.of(p.Ref, s.ProblemID)
	}
	if p.Marks&problems.Soft != 0 {
		row.Attempt, row.Attempts = s.Attempt, s.MaxAttempts
	}
	if place, ok := l.names.Find(monitor.Ref{Host: p.Host}); ok {
		if alias := l.names.Host(place).Alias; alias != p.Host {
			row.Alias = alias
		}
	}
	if at, ok := l.snapshot.Find(p.Host); ok {
		l.annotate(&row, p, l.snapshot.Host(at))
	}
	return row
}

// root is row with what follows from it. fit is how many of that fit a filter, or -1 for all.
func (l *look) root(i int32, fit int) problemRow {
	row := l.row(i)
	c := l.list.Suffer(i)
	row.Impacts = named(&c)
	if fit >= 0 && fit < c.Sum() {
		row.Fit = &fit
	}
	if s := l.list.All[i].Status; s.Impact && len(s.Sources) > 0 {
		row.Behind = s.Sources[0].String()
	}
	return row
}

// annotate adds what people wrote.
func (l *look) annotate(row *problemRow, p *problems.Problem, h view.Host) {
	own := monitor.Ref{Host: p.Host, Service: p.Service}
	for c := range h.Comments {
		switch {
		case c.Ref != own:
		case c.Kind == monitor.CommentAck && p.Marks&problems.Acknowledged != 0:
			row.Ack = &note{By: c.Author, Text: clipped(c.Text), At: unix(c.Entered), Until: unix(p.Status.AckUntil)}
		case c.Kind == monitor.CommentUser:
			row.Comments++
		}
	}
	if row.Ack == nil && p.Marks&problems.Acknowledged != 0 {
		row.Ack = &note{Until: unix(p.Status.AckUntil)}
	}
	for d := range h.Downtimes {
		if d.Began == 0 {
			continue
		}
		n := &note{By: d.Author, Text: clipped(d.Comment), At: unix(d.Began), Until: unix(d.End)}
		switch d.Ref {
		case own:
			row.Downtime = n
		case monitor.Ref{Host: p.Host}:
			row.HostDowntime = n
		}
	}
}

// named gives the counts that are not 0 by the names of states; nil if all are.
func named(c *problems.Counts) map[string]int {
	var by map[string]int
	for s, n := range c {
		if n == 0 {
			continue
		}
		if by == nil {
			by = map[string]int{}
		}
		by[problems.State(s).String()] = n
	}
	return by
}

// clipped gives the beginning of a text, in whole letters.
func clipped(text string) string {
	if len(text) <= mostOutput {
		return text
	}
	cut := mostOutput
	for cut > 0 && text[cut]&0xC0 == 0x80 {
		cut--
	}
	return text[:cut] + "…"
}

// problemPage is a part of the list of root problems, and how many there are of what.
type problemPage struct {
	At int64 `json:"at"`
	// Total is how many rows fit the filter, Rows those from Offset on.
	Total  int          `json:"total"`
	Offset int          `json:"offset"`
	Rows   []problemRow `json:"rows"`
	totals
}

// totals are the numbers around the list.
type totals struct {
	// States is how many there are of each state in the rows, and of what they unfold to; Open, Handled and Soft whatever the filter says of those.
	States  map[string]int `json:"states"`
	Open    int            `json:"open"`
	Handled int            `json:"handled"`
	Soft    int            `json:"soft"`
	// Objects and Hosts count what there is at all, Troubled what of it is in trouble.
	Hosts    int `json:"hosts"`
	Services int `json:"services"`
	Troubled int `json:"troubled"`
}

// page gives what somebody asked for.
func (l *look) page(a *ask) *problemPage {
	c := l.list.Choose(&a.Query, l.names)
	p := &problemPage{At: l.at.Unix(), Total: len(c.Rows), Offset: a.offset, Rows: []problemRow{}, totals: l.totals(c)}
	for _, row := range part(c.Rows, a.offset, a.limit) {
		p.Rows = append(p.Rows, l.root(row.Problem, fitOf(a, &row)))
	}
	return p
}

func (l *look) totals(c *problems.Choice) totals {
	states := named(&c.States)
	if states == nil {
		states = map[string]int{}
	}
	return totals{
		States: states, Open: c.Open, Handled: c.Handled, Soft: c.Soft,
		Hosts: l.list.Hosts, Services: l.list.Services, Troubled: l.list.States.Sum(),
	}
}

// fitOf gives how many impacts of a row fit, or -1 where no filter looks at them.
func fitOf(a *ask, row *problems.Row) int {
	if a.States == 0 && len(a.Words) == 0 && a.HostGroup == "" && a.ServiceGroup == "" {
		return -1
	}
	return row.Fit
}

// part gives the part of a list that is asked for.
func part[T any](all []T, offset, limit int) []T {
	first := min(offset, len(all))
	return all[first:min(first+limit, len(all))]
}

// impactPage is a part of what follows from a root problem.
type impactPage struct {
	Total int          `json:"total"`
	Rows  []problemRow `json:"rows"`
}

// impacts gives what follows from a root problem and fits a filter; nothing if it is in no trouble any more.
func (l *look) impacts(of monitor.Ref, a *ask) *impactPage {
	p := &impactPage{Rows: []problemRow{}}
	root := l.list.Find(of)
	if root < 0 {
		return p
	}
	all := l.list.Fitting(root, &a.Query, l.names)
	p.Total = len(all)
	for _, i := range part(all, a.offset, a.limit) {
		p.Rows = append(p.Rows, l.row(i))
	}
	return p
}

// groupNames are the groups that there are, for filters.
type groupNames struct {
	Hosts    []string `json:"hostgroups"`
	Services []string `json:"servicegroups"`
}

// mostGroups bounds how many are listed of each kind.
const mostGroups = 2000

func (l *look) groups() groupNames {
	g := groupNames{Hosts: []string{}, Services: []string{}}
	for _, of := range part(l.names.HostGroups, 0, mostGroups) {
		g.Hosts = append(g.Hosts, of.Name)
	}
	for _, of := range part(l.names.ServiceGroups, 0, mostGroups) {
		g.Services = append(g.Services, of.Name)
	}
	return g
}

// foundRow is a host or service that somebody looked for.
type foundRow struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
	State   string `json:"state"`
	Alias   string `json:"alias,omitempty"`
	Address string `json:"address,omitempty"`
}

func foundRows(found []problems.Found, all int) any {
	rows := make([]foundRow, 0, len(found))
	for _, f := range found {
		name := f.State.ServiceName()
		if f.IsHost() {
			name = f.State.HostName()
		}
		rows = append(rows, foundRow{f.Host, f.Service, name, f.Alias, f.Address})
	}
	return struct {
		Total int        `json:"total"`
		Rows  []foundRow `json:"rows"`
	}{all, rows}
}
