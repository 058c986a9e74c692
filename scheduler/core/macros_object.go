package core

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// appendHost appends $HOSTname$, or with a lead $LASTHOSTname$ and the like.
func (r *resolver) appendHost(dst []byte, lead, name string) ([]byte, bool) {
	h := &r.core.inv.Hosts[r.host]
	if lead == "TOTAL" {
		return r.appendTotal(dst, name)
	}
	if lead != "" {
		return r.appendLead(dst, r.host, lead, name)
	}
	switch name {
	case "NAME":
		return append(dst, h.Name...), true
	case "ADDRESS":
		return append(dst, orElse(h.Address, h.Name)...), true
	case "ALIAS":
		return append(dst, orElse(h.Alias, h.Name)...), true
	case "DISPLAYNAME":
		return append(dst, orElse(h.DisplayName, h.Name)...), true
	case "NOTES":
		return append(dst, h.Notes...), true
	case "STATE":
		return append(dst, r.core.stateOrUp(r.host).HostName()...), true
	case "REALM":
		return append(dst, r.core.inv.Policy(r.host).RealmName...), true
	case "ANDSERVICESIMPORTANCE":
		return strconv.AppendUint(dst, r.importance(), 10), true
	}
	return r.appendObject(dst, r.host, r.core.inv.HostGroups, name)
}

// appendService appends $SERVICEname$, or with a lead $LASTSERVICEname$ and the like.
func (r *resolver) appendService(dst []byte, lead, name string) ([]byte, bool) {
	if r.service == monitor.NoID {
		return dst, true
	}
	s := r.core.inv.Service(r.service)
	if lead != "" {
		return r.appendLead(dst, r.service, lead, name)
	}
	switch name {
	case "DESC":
		return append(dst, s.Description...), true
	case "DISPLAYNAME":
		return append(dst, orElse(s.More().DisplayName, s.Description)...), true
	case "NOTES":
		return append(dst, s.More().Notes...), true
	case "STATE":
		return append(dst, r.core.stateOrUp(r.service).ServiceName()...), true
	case "ISVOLATILE":
		return appendBit(dst, r.core.inv.Policy(r.service).Volatile), true
	}
	return r.appendObject(dst, r.service, r.core.inv.ServiceGroups, name)
}

// importance is that of the host and its services together.
func (r *resolver) importance() uint64 {
	sum := uint64(r.core.inv.Policy(r.host).Importance)
	first, last := r.core.services(r.host)
	for id := first; id < last; id++ {
		sum += uint64(r.core.inv.Policy(id).Importance)
	}
	return sum
}

// appendInfoURL appends where Nagios' own pages (website_url) show an object; nothing if there are none.
func (r *resolver) appendInfoURL(dst []byte, id monitor.ID) []byte {
	site, ref := r.core.inv.Options.WebsiteURL, r.core.inv.Ref(id)
	switch {
	case site == "":
		return dst
	case ref.IsHost():
		return append(dst, site+"/cgi-bin/extinfo.cgi?type=1&host="+url.QueryEscape(ref.Host)...)
	}
	return append(dst, site+"/cgi-bin/extinfo.cgi?type=2&host="+url.QueryEscape(ref.Host)+"&service="+url.QueryEscape(ref.Service)...)
}

func orElse(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// stateOrUp gives an object's state; what was never checked counts as OK and UP, as in Nagios.
func (c *Core) stateOrUp(id monitor.ID) monitor.State {
	if s := c.effective(id); s != monitor.Pending {
		return s
	}
	return monitor.OK
}

// appendObject appends what hosts and services have in common.
func (r *resolver) appendObject(dst []byte, id monitor.ID, groups []monitor.Group, name string) ([]byte, bool) {
	c := r.core
	s, x, t := &c.standing[id], &c.text[id], &c.times[id]
	switch name {
	case "STATEID":
		return strconv.AppendUint(dst, uint64(c.stateOrUp(id)), 10), true
	case "STATETYPE":
		return append(dst, s.Type.String()...), true
	case "ATTEMPT":
		return strconv.AppendUint(dst, uint64(s.Attempt), 10), true
	case "OUTPUT":
		return r.appendSafe(dst, x.Output()), true
	case "PERFDATA":
		return r.appendSafe(dst, x.Perfdata()), true
	case "CHECKCOMMAND":
		return c.appendCommand(dst, c.inv.Check(id)), true
	case "DURATION":
		return appendDuration(dst, c.lasts(t)), true
	case "DURATIONSEC":
		return strconv.AppendInt(dst, int64(c.lasts(t)/time.Second), 10), true
	case "LATENCY":
		return strconv.AppendFloat(dst, c.run[id].latency.Duration().Seconds(), 'f', 3, 64), true
	case "EXECUTIONTIME":
		return strconv.AppendFloat(dst, c.run[id].execution.Duration().Seconds(), 'f', 3, 64), true
	case "PERCENTCHANGE":
		return strconv.AppendFloat(dst, c.run[id].history.Percent(), 'f', 2, 64), true
	case "CHECKTYPE":
		return append(dst, [...]string{"ACTIVE", "PASSIVE"}[s.check]...), true
	case "CHECKSOURCE":
		return append(dst, c.names[c.run[id].poller]...), true
	}
	return r.appendProblem(dst, id, groups, name)
}

// appendProblem goes on with what concerns problems and notifications.
func (r *resolver) appendProblem(dst []byte, id monitor.ID, groups []monitor.Group, name string) ([]byte, bool) {
	c := r.core
	switch name {
	case "NOTIFICATIONID":
		return append(dst, r.action...), true
	case "EVENTID":
		return strconv.AppendUint(dst, c.serialOf(id).event, 10), true
	case "PROBLEMID":
		return strconv.AppendUint(dst, c.serialOf(id).problem, 10), true
	case "DOWNTIME":
		return strconv.AppendUint(dst, uint64(c.standing[id].depth), 10), true
	case "NOTIFICATIONNUMBER":
		return strconv.AppendUint(dst, uint64(r.number(id)), 10), true
	case "NOTIFICATIONENABLED":
		if has(c.standing[id].switches) {
			return append(dst, "YES"...), true
		}
		return append(dst, "NO"...), true
	case "NOTIFICATIONPERIOD":
		if p := c.inv.Policy(id).NotificationPeriod; p != monitor.None {
			dst = append(dst, c.inv.Timeperiods[p].Name...)
		}
		return dst, true
	case "ACKAUTHOR":
		author, _ := c.ackComment(id)
		return r.appendSafe(dst, author), true
	case "ACKAUTHORNAME":
		author, _ := c.ackComment(id)
		return append(dst, r.author(author).Name...), true
	case "ACKAUTHORALIAS":
		author, _ := c.ackComment(id)
		return append(dst, r.author(author).Alias...), true
	case "ACKCOMMENT":
		_, text := c.ackComment(id)
		return r.appendSafe(dst, text), true
	}
	return r.appendFixed(dst, id, groups, name)
}

// appendFixed goes on with what the configuration says.
func (r *resolver) appendFixed(dst []byte, id monitor.ID, groups []monitor.Group, name string) ([]byte, bool) {
	p := r.core.inv.Policy(id)
	switch name {
	case "NOTESURL":
		return append(dst, p.NotesURL...), true
	case "ACTIONURL":
		return append(dst, p.ActionURL...), true
	case "BUSINESSIMPACT":
		return strconv.AppendInt(dst, int64(r.core.worth(id)), 10), true
	case "IMPORTANCE":
		return strconv.AppendUint(dst, uint64(p.Importance), 10), true
	case "INFOURL":
		return r.appendInfoURL(dst, id), true
	}
	if group, ok := strings.CutPrefix(name, "GROUP"); ok {
		return appendGroups(dst, groups, id, group)
	}
	return dst, false
}

// appendLead appends macros such as $LASTHOSTSTATE$, $LONGSERVICEOUTPUT$ and $MAXHOSTATTEMPTS$.
func (r *resolver) appendLead(dst []byte, id monitor.ID, lead, name string) ([]byte, bool) {
	c := r.core
	s, t := &c.standing[id], &c.times[id]
	switch lead + name {
	case "LONGOUTPUT":
		return r.appendSafe(dst, c.text[id].Long()), true
	case "MAXATTEMPTS":
		return strconv.AppendUint(dst, uint64(s.Max), 10), true
	case "LASTPERFDATA":
		return r.appendSafe(dst, c.lastPerfdata[id]), true
	case "LASTCHECK":
		return appendUnix(dst, t.check), true
	case "LASTSTATECHANGE":
		return appendUnix(dst, t.change), true
	case "LASTSTATE":
		return append(dst, c.lastState(id)...), true
	case "LASTSTATEID":
		return strconv.AppendUint(dst, uint64(s.LastState%monitor.Pending), 10), true
	case "LASTEVENTID":
		return strconv.AppendUint(dst, c.serialOf(id).lastEvent, 10), true
	case "LASTPROBLEMID":
		return strconv.AppendUint(dst, c.serialOf(id).lastProblem, 10), true
	case "LASTUP", "LASTOK":
		return appendUnix(dst, t.fine), true
	case "LASTDOWN", "LASTWARNING":
		return appendUnix(dst, c.past.of(id).failed[0]), true
	case "LASTUNREACHABLE", "LASTCRITICAL":
		return appendUnix(dst, c.past.of(id).failed[1]), true
	case "LASTUNKNOWN":
		return appendUnix(dst, c.past.of(id).failed[2]), true
	}
	return dst, false
}

func (c *Core) lastState(id monitor.ID) string {
	s := c.standing[id].LastState % monitor.Pending
	if c.inv.IsHost(id) {
		return s.HostName()
	}
	return s.ServiceName()
}

// appendTotal counts the services of the host: $TOTALHOSTSERVICES$, $TOTALHOSTSERVICESCRITICAL$.
func (r *resolver) appendTotal(dst []byte, name string) ([]byte, bool) {
	states := [...]string{"SERVICESOK", "SERVICESWARNING", "SERVICESCRITICAL", "SERVICESUNKNOWN", "SERVICES"}
	want := slices.Index(states[:], name)
	if want < 0 {
		return dst, false
	}
	n := int64(0)
	first, last := r.core.services(r.host)
	for id := first; id < last; id++ {
		if want == 4 || r.core.stateOrUp(id) == monitor.State(want) {
			n++
		}
	}
	return strconv.AppendInt(dst, n, 10), true
}

// lasts gives how long an object has been in its state; from the start of the engine if it was never checked.
func (c *Core) lasts(t *times) time.Duration {
	if t.change == 0 {
		return c.now.Sub(c.start)
	}
	return max(c.now.Sub(t.change), 0)
}

// appendDuration writes 1d 2h 3m 4s, as Nagios does.
func appendDuration(dst []byte, d time.Duration) []byte {
	s := int64(d / time.Second)
	for _, unit := range [...]struct {
		seconds int64
		name    string
	}{{86400, "d "}, {3600, "h "}, {60, "m "}, {1, "s"}} {
		dst = append(strconv.AppendInt(dst, s/unit.seconds, 10), unit.name...)
		s %= unit.seconds
	}
	return dst
}

// appendCommand writes a command with its arguments as in the object files.
func (c *Core) appendCommand(dst []byte, call monitor.Call) []byte {
	if call.Command == monitor.None {
		return dst
	}
	dst = append(dst, c.inv.Commands[call.Command].Name...)
	args, _ := c.inv.arguments(call)
	for _, arg := range args {
		dst = append(append(dst, '!'), arg...)
	}
	return dst
}

// ackComment gives who acknowledged the object's problem, and what they said.
func (c *Core) ackComment(id monitor.ID) (author, text string) {
	for _, note := range c.comments.on(id) {
		if note.Kind == monitor.CommentAck {
			author, text = note.Author, note.Text
		}
	}
	return author, text
}

// number gives the number of the notification that is being made, or of the last one.
func (r *resolver) number(id monitor.ID) uint32 {
	if r.n != nil && r.n.id == id {
		return r.n.number
	}
	return r.core.noticeOf(id).number
}
