package web

import (
	"cmp"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
	"github.com/onbu/onbu/monitor/catalog"
)

// described is a host or service: what is configured and how it is. Times are Unix seconds, 0 for never; durations are seconds.
type described struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
	Alias   string `json:"alias,omitempty"`
	Address string `json:"address,omitempty"`
	configured
	condition
	Downtimes []api.Downtime `json:"downtimes"`
	Comments  []commentNote  `json:"comments"`
	// HostState is that of a service's host, and HostSince since when.
	HostState string  `json:"host_state,omitempty"`
	HostSince float64 `json:"host_since,omitempty"`
	// Sources are hosts and services whose trouble is the cause of this one's.
	Sources []object `json:"sources,omitempty"`
}

// configured is what the configuration says. How it is checked in detail, its owner says: see explain.
type configured struct {
	Notes     string   `json:"notes,omitempty"`
	NotesURL  string   `json:"notes_url,omitempty"`
	ActionURL string   `json:"action_url,omitempty"`
	Groups    []string `json:"groups"`
	Contacts  []string `json:"contacts"`
	Crews     []string `json:"contact_groups"`
	Realm     string   `json:"realm,omitempty"`
	Pool      string   `json:"poller_tag,omitempty"`
	Interval  float64  `json:"check_interval"`
	Retry     float64  `json:"retry_interval"`
	Period    string   `json:"check_period"`        // empty for always
	TellIn    string   `json:"notification_period"` // empty for always
	TellAgain float64  `json:"notification_interval"`
	Volatile  bool     `json:"volatile,omitempty"`
}

// condition is how a host or service is.
type condition struct {
	Known       bool     `json:"known"` // false until somebody has told of it
	State       string   `json:"state"`
	Soft        bool     `json:"soft"`
	OwnState    string   `json:"own_state,omitempty"` // what its own check says, where that is something else
	Attempt     uint16   `json:"attempt"`
	MaxAttempts uint16   `json:"max_attempts"`
	Output      string   `json:"output"`
	LongOutput  string   `json:"long_output,omitempty"`
	Metrics     []metric `json:"metrics"`
	MoreMetrics int      `json:"more_metrics,omitempty"`
	LastCheck   float64  `json:"last_check"`
	NextCheck   float64  `json:"next_check"`
	LastChange  float64  `json:"last_state_change"`
	LastFine    float64  `json:"last_time_ok"`
	Latency     float64  `json:"latency"`
	Execution   float64  `json:"execution_time"`
	Passive     bool     `json:"passive"` // the last result came by itself
	Module      string   `json:"module,omitempty"`
	Poller      string   `json:"poller,omitempty"`

	Acknowledged bool    `json:"acknowledged"`
	Sticky       bool    `json:"sticky,omitempty"`
	AckUntil     float64 `json:"acknowledged_until,omitempty"`
	InDowntime   bool    `json:"in_downtime"`
	Flapping     bool    `json:"flapping"`
	Percent      float32 `json:"percent_change"`
	Problem      bool    `json:"problem"` // a root problem
	Impact       bool    `json:"impact"`  // suffers from one
	Impacted     int8    `json:"business_impact"`
	LastTold     float64 `json:"last_notification"`
	TellNext     float64 `json:"next_notification"`
	Told         uint32  `json:"notification_number"`
	// Off are switches that are off, and Turned those that a command has turned.
	Off    []string `json:"off"`
	Turned []string `json:"turned"`
}

// commentNote is a comment with what made it.
type commentNote struct {
	api.Comment
	Kind string `json:"kind"` // user, downtime, flapping or acknowledgement
}

// mostNotes bounds how many downtimes and how many comments of an object are shown: the newest.
const mostNotes = 200

// describe gives all that the page shows of a host or service but its services.
func describe(shown *view.Snapshot, order *catalog.Index, place catalog.Place) *described {
	inv := order.Inventory(place)
	ref := inv.Ref(place.ID)
	host, own := lookUp(shown, ref)
	d := &described{
		Host: ref.Host, Service: ref.Service, configured: settingsOf(order, place), condition: conditionOf(ref, own),
		Downtimes: []api.Downtime{}, Comments: []commentNote{},
	}
	h := order.Host(catalog.Place{Shard: place.Shard, ID: inv.HostOf(place.ID)})
	d.Address, d.Alias = h.Address, cmp.Or(h.Alias, h.DisplayName)
	if !ref.IsHost() {
		d.Alias = inv.Service(place.ID).More().DisplayName
	}
	if d.Alias == cmp.Or(ref.Service, ref.Host) {
		d.Alias = ""
	}
	if s := own.Seldom(); s != nil {
		for _, r := range s.Sources {
			d.Sources = append(d.Sources, object{r.Host, r.Service})
		}
	}
	if host == nil {
		return d
	}
	if !ref.IsHost() {
		o := host.Object()
		d.HostState, d.HostSince = o.State().HostName(), o.LastChange().Unix()
	}
	d.notes(host, ref)
	return d
}

// lookUp gives a host, nil if nobody has told of it, and the object itself.
func lookUp(shown *view.Snapshot, ref monitor.Ref) (*view.Host, view.Object) {
	i, ok := shown.Find(ref.Host)
	if !ok {
		return nil, shown.Pending()
	}
	host := shown.Host(i)
	if ref.IsHost() {
		return &host, host.Object()
	}
	if i, ok := host.Find(ref.Service); ok {
		if _, o := host.Service(i); o.Known() {
			return &host, o
		}
	}
	return &host, shown.Pending()
}

// notes adds the downtimes and comments of the object, the newest first.
func (d *described) notes(host *view.Host, ref monitor.Ref) {
	for n := range host.Downtimes {
		if n.Ref == ref {
			d.Downtimes = append(d.Downtimes, api.DowntimeOf(n))
		}
	}
	for n := range host.Comments {
		if n.Ref == ref {
			d.Comments = append(d.Comments, commentNote{api.CommentOf(n), kindOf(n.Kind)})
		}
	}
	slices.SortFunc(d.Downtimes, func(a, b api.Downtime) int { return cmp.Compare(b.Start, a.Start) })
	slices.SortFunc(d.Comments, func(a, b commentNote) int { return cmp.Compare(b.Entered, a.Entered) })
	d.Downtimes, d.Comments = d.Downtimes[:min(len(d.Downtimes), mostNotes)], d.Comments[:min(len(d.Comments), mostNotes)]
}

func kindOf(k monitor.CommentKind) string {
	switch k {
	case monitor.CommentDowntime:
		return "downtime"
	case monitor.CommentFlapping:
		return "flapping"
	case monitor.CommentAck:
		return "acknowledgement"
	}
	return "user"
}

// settingsOf reads the configuration of an object.
func settingsOf(order *catalog.Index, place catalog.Place) configured {
	inv := order.Inventory(place)
	p := inv.Policy(place.ID)
	c := configured{
		Realm: p.RealmName, Pool: p.Pool, Interval: p.CheckInterval.Seconds(), Retry: p.RetryInterval.Seconds(), Volatile: p.Volatile,
		Period: periodOf(inv, p.CheckPeriod), TellIn: periodOf(inv, p.NotificationPeriod), TellAgain: p.NotificationInterval.Seconds(),
		Groups: []string{}, Contacts: []string{}, Crews: []string{},
	}
	notes, vars, groups := "", []monitor.Var(nil), order.ServiceGroups
	if inv.IsHost(place.ID) {
		h := &inv.Hosts[place.ID]
		notes, vars, groups = h.Notes, h.Vars, order.HostGroups
	} else {
		more := inv.Service(place.ID).More()
		notes, vars = more.Notes, more.Vars
	}
	c.Notes = order.Expand(place, notes, vars)
	c.NotesURL, c.ActionURL = link(order.Expand(place, p.NotesURL, vars)), link(order.Expand(place, p.ActionURL, vars))
	for _, n := range order.GroupsOf(place) {
		c.Groups = append(c.Groups, groups[n].Name)
	}
	for _, n := range p.Contacts {
		c.Contacts = append(c.Contacts, inv.Contacts[n].Name)
	}
	for _, n := range p.ContactGroups {
		c.Crews = append(c.Crews, inv.ContactGroups[n].Name)
	}
	return c
}

// periodOf names a timeperiod; empty for always.
func periodOf(inv *monitor.Inventory, n int32) string {
	if n == monitor.None {
		return ""
	}
	return inv.Timeperiods[n].Name
}

// link gives a URL that may be followed, and nothing for one that would do something else, such as run a script.
func link(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Contains(text, "$") {
		return ""
	}
	return u.String()
}

func stateName(ref monitor.Ref, s monitor.State) string {
	if ref.IsHost() {
		return s.HostName()
	}
	return s.ServiceName()
}

// conditionOf gives how an object is.
func conditionOf(ref monitor.Ref, o view.Object) condition {
	s := o.Status(ref)
	c := condition{
		Known: o.Known(), State: stateName(ref, s.State), Soft: s.Type == monitor.Soft && s.IsProblem(), Attempt: s.Attempt, MaxAttempts: s.MaxAttempts,
		Output: s.Output, LongOutput: s.LongOutput, LastCheck: s.LastCheck.Unix(), NextCheck: s.NextCheck.Unix(),
		LastChange: s.Since().Unix(), LastFine: s.LastTimeOK.Unix(), Latency: s.Latency.Seconds(), Execution: s.Execution.Seconds(),
		Passive: s.CheckType == monitor.Passive, Module: s.Module, Poller: s.Poller,
		Acknowledged: s.Ack != monitor.AckNone, Sticky: s.Ack == monitor.AckSticky, AckUntil: s.AckUntil.Unix(), InDowntime: s.DowntimeDepth > 0,
		Flapping: s.Flapping, Percent: s.PercentChange, Problem: s.Problem, Impact: s.Impact, Impacted: s.BusinessImpact,
		LastTold: s.LastNotification.Unix(), TellNext: s.NextNotification.Unix(), Told: s.NotificationNumber,
		Off: switchesIn(^s.Switches), Turned: switchesIn(s.Modified),
	}
	if s.Overlaid {
		c.OwnState = stateName(ref, s.OwnState)
	}
	c.Metrics, c.MoreMetrics = metricsOf(s.Perfdata)
	return c
}

// switchesIn names switches, those that people know.
func switchesIn(s monitor.Switch) []string {
	all := []string{}
	for _, one := range []struct {
		bit  monitor.Switch
		name string
	}{
		{monitor.ActiveChecks, "active checks"},
		{monitor.PassiveChecks, "passive checks"},
		{monitor.Notifications, "notifications"},
		{monitor.EventHandlers, "event handlers"},
		{monitor.FlapDetection, "flap detection"},
	} {
		if s&one.bit != 0 {
			all = append(all, one.name)
		}
	}
	return all
}

// membersOf gives the services of a host as its page lists them.
func membersOf(shown *view.Snapshot, order *catalog.Index, host catalog.Place) iter.Seq2[string, member] {
	of := order.Host(host).Name
	return func(yield func(string, member) bool) {
		order.Descriptions(host, func(_ monitor.ID, name string) bool {
			_, o := lookUp(shown, monitor.Ref{Host: of, Service: name})
			return yield(name, memberOf(o))
		})
	}
}

func memberOf(o view.Object) member {
	m := member{
		State: o.State().ServiceName(), Soft: o.Type() == monitor.Soft && o.State() != monitor.OK && o.State() != monitor.Pending,
		Output: clip(o.Output(), longestOutput), Checked: int64(o.LastCheck().Unix()), Since: int64(o.LastChange().Unix()), Flapping: o.Flapping(),
		Quiet: o.Switches()&monitor.Notifications == 0 && o.Known(),
	}
	if s := o.Seldom(); s != nil {
		m.Acknowledged, m.Downtime = s.Ack != monitor.AckNone, s.DowntimeDepth > 0
	}
	return m
}

// clip cuts a text that is too long for a list.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
