package mail

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/onbu/onbu/monitor"
)

// message writes the mail. Its Message-ID is the action's id, so that one that is sent twice is known as such; all mails
// about one problem refer to the same, so that they make one thread.
func (s *sender) message(a *monitor.Action, again bool) (*gomail.Msg, error) {
	to := s.to
	if len(to) == 0 {
		if a.Notice.Email == "" {
			return nil, fmt.Errorf("contact %s has no email, and the command no --to; add one of them", a.Contact)
		}
		var err error
		if to, err = mail.ParseAddressList(a.Notice.Email); err != nil {
			return nil, fmt.Errorf("email %q of contact %s: %w", a.Notice.Email, a.Contact, err)
		}
	}
	_, domain, ok := strings.Cut(s.from.Address, "@")
	if !ok {
		return nil, errors.New("--from has no domain")
	}
	m := gomail.NewMsg()
	m.FromMailAddress(s.from)
	m.ToMailAddress(to...)
	m.Subject(line(cmp.Or(s.subject, subject(a))))
	m.SetDateWithValue(a.Time.Std())
	m.SetMessageIDWithValue(a.ID + "@" + domain)
	if thread := thread(a); thread != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+thread+"@"+domain+">")
		m.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+thread+"@"+domain+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	m.SetGenHeader("X-Onbu-Type", a.Notice.Type)
	if again {
		m.SetGenHeader("X-Onbu-Possible-Duplicate", "yes")
	}
	m.SetBodyString(gomail.TypeTextPlain, body(a, again))
	return m, nil
}

// thread names the problem that a mail is about.
func thread(a *monitor.Action) string {
	if a.Notice.Problem == 0 {
		return ""
	}
	return "problem." + strconv.FormatUint(a.Notice.Problem, 10)
}

// subject is what Nagios' sample configuration has.
func subject(a *monitor.Action) string {
	kind, what := "Service", a.Host+"/"+a.Service
	if a.IsHost() {
		kind, what = "Host", a.Host
	}
	return fmt.Sprintf("** %s %s Alert: %s is %s **", a.Notice.Type, kind, what, state(a))
}

func state(a *monitor.Action) string {
	if a.IsHost() {
		return a.Notice.State.HostName()
	}
	return a.Notice.State.ServiceName()
}

// body lists what is known, the most important first.
func body(a *monitor.Action, again bool) string {
	n := a.Notice
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-13s %s\n", name+":", value)
		}
	}
	if again {
		b.WriteString("This may have been sent before: whoever sent it was ended in the middle.\n\n")
	}
	row(n.Type, state(a)+" since "+n.Since.Std().Format(time.RFC1123Z))
	row("Host", a.Host+alias(a))
	row("Address", line(n.Address))
	row("Service", a.Service)
	row("Output", line(n.Output))
	if n.Author != "" || n.Comment != "" {
		row("By", line(n.Author+": "+n.Comment))
	}
	if n.Impacts > 0 {
		row("Impacts", fmt.Sprintf("%d hosts and services suffer from it", n.Impacts))
	}
	if n.Number > 0 {
		row("Notification", strconv.FormatUint(uint64(n.Number), 10)+escalated(n))
	}
	row("Time", a.Time.Std().Format(time.RFC1123Z))
	row("Notes", line(n.NotesURL))
	row("Action", line(n.ActionURL))
	if n.LongOutput != "" {
		b.WriteString("\n" + lines(n.LongOutput) + "\n")
	}
	return b.String()
}

func alias(a *monitor.Action) string {
	if a.Notice.HostAlias == "" || a.Notice.HostAlias == a.Host {
		return ""
	}
	return " (" + line(a.Notice.HostAlias) + ")"
}

func escalated(n *monitor.Notice) string {
	if n.Escalated {
		return ", escalated"
	}
	return ""
}

// line makes one line of a text that came from outside.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
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
