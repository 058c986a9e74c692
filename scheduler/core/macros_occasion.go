package core

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// appendContact appends $CONTACTname$ for the contact who is told.
func (r *resolver) appendContact(dst []byte, name string, index int) ([]byte, bool) {
	c := r.contact
	if c == nil {
		return dst, true
	}
	switch name {
	case "NAME":
		return append(dst, c.Name...), true
	case "ALIAS":
		return append(dst, orElse(c.Alias, c.Name)...), true
	case "EMAIL":
		return append(dst, c.Email...), true
	case "PAGER":
		return append(dst, c.Pager...), true
	}
	if group, ok := strings.CutPrefix(name, "GROUP"); ok {
		return r.appendContactGroups(dst, group)
	}
	if index == 0 {
		return dst, false
	}
	if index <= len(c.Addresses) {
		dst = append(dst, c.Addresses[index-1]...)
	}
	return dst, true
}

// appendNotification appends what people are told this time.
func (r *resolver) appendNotification(dst []byte, name string) ([]byte, bool) {
	if r.n == nil {
		return dst, true
	}
	switch name {
	case "NOTIFICATIONTYPE":
		return append(dst, r.n.kind...), true
	case "NOTIFICATIONNUMBER":
		return strconv.AppendUint(dst, uint64(r.n.number), 10), true
	case "NOTIFICATIONAUTHOR":
		return r.appendSafe(dst, r.n.author), true
	case "NOTIFICATIONAUTHORNAME":
		return append(dst, r.author(r.n.author).Name...), true
	case "NOTIFICATIONAUTHORALIAS":
		return append(dst, r.author(r.n.author).Alias...), true
	case "NOTIFICATIONID":
		return append(dst, r.action...), true
	case "NOTIFICATIONCOMMENT":
		return r.appendSafe(dst, r.n.comment), true
	case "NOTIFICATIONISESCALATED":
		return appendBit(dst, r.n.escalated), true
	case "NOTIFICATIONRECIPIENTS":
		for i, contact := range r.n.recipients {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, r.core.inv.Contacts[contact].Name...)
		}
		return dst, true
	}
	return dst, false
}

// author gives the contact whose name or alias is that of whoever gave a command; an empty one if nobody's is.
func (r *resolver) author(name string) *monitor.Contact {
	if who, ok := r.core.contacts[name]; ok {
		return &r.core.inv.Contacts[who]
	}
	for i := range r.core.inv.Contacts {
		if who := &r.core.inv.Contacts[i]; who.Alias == name && name != "" {
			return who
		}
	}
	return &monitor.Contact{}
}

// dateFormats gives the layouts of date_format: of a date, and of what goes between it and the time (Nagios
// common/shared.c, get_datetime_string).
func (c *Core) dateFormats() (date, between string) {
	switch c.inv.Options.DateFormat {
	case "euro":
		return "02-01-2006", " "
	case "iso8601":
		return "2006-01-02", " "
	case "strict-iso8601":
		return "2006-01-02", "T"
	}
	return "01-02-2006", " "
}

// appendTime appends the time of the decision, in the zone of use_timezone and the format of date_format.
func (r *resolver) appendTime(dst []byte, name string) ([]byte, bool) {
	now, local := r.core.now, r.core.now.Std().In(r.core.zone)
	date, between := r.core.dateFormats()
	switch name {
	case "TIMET":
		return appendUnix(dst, now), true
	case "PROCESSSTARTTIME", "EVENTSTARTTIME":
		return appendUnix(dst, r.core.start), true
	case "LONGDATETIME":
		return local.AppendFormat(dst, "Mon Jan 2 15:04:05 MST 2006"), true
	case "SHORTDATETIME":
		return local.AppendFormat(dst, date+between+"15:04:05"), true
	case "DATE":
		return local.AppendFormat(dst, date), true
	case "TIME":
		return local.AppendFormat(dst, "15:04:05"), true
	}
	return dst, false
}

// appendPeriod answers $ISVALIDTIME:period[:unix time]$ with 1 or 0, and $NEXTVALIDTIME:…$ with a Unix time, 0 for never.
func (r *resolver) appendPeriod(dst []byte, m macro.Macro) ([]byte, bool) {
	at := r.core.now
	if len(m.Of) == 2 {
		seconds, err := strconv.ParseInt(strings.TrimSpace(m.Of[1]), 10, 64)
		if err != nil || seconds < 0 || seconds > 1<<33 {
			return dst, false
		}
		at = monitor.Time(seconds) * 1e9
	}
	for i := range r.core.periods {
		p := &r.core.periods[i]
		switch {
		case p.Name() != m.Of[0]:
		case m.Name == "ISVALIDTIME":
			return appendBit(dst, p.Holds(at)), true
		default:
			return appendUnix(dst, p.Next(at)), true
		}
	}
	return dst, false
}
