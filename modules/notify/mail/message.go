package mail

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/onbu/onbu/monitor"
)

const maxSubject = 250 // characters

// letter is a mail and its envelope. Addresses are in angle brackets, as SMTP has them.
type letter struct {
	from  string
	to    []string
	text  []byte
	ascii bool // the envelope needs no SMTPUTF8
}

func (s *sender) letter(a *monitor.Action, again bool) (*letter, error) {
	to, err := s.recipients(a)
	if err != nil {
		return nil, err
	}
	m, err := s.message(a, to, again)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if _, err := m.WriteTo(&text); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	l := &letter{from: bracketed(s.from), text: text.Bytes()}
	for _, address := range to {
		l.to = append(l.to, bracketed(address))
	}
	l.ascii = isASCII(l.from + strings.Join(l.to, ""))
	return l, nil
}

// recipients gives whom the command line names, or else the contact's own addresses.
func (s *sender) recipients(a *monitor.Action) ([]*mail.Address, error) {
	if len(s.to) > 0 {
		return s.to, nil
	}
	if a.Notice.Email == "" {
		return nil, fmt.Errorf("contact %s has no email, and the command no --to; add one of them", a.Contact)
	}
	to, err := addresses(a.Notice.Email)
	if err != nil {
		return nil, fmt.Errorf("email %q of contact %s: %w", a.Notice.Email, a.Contact, err)
	}
	return to, nil
}

// addresses reads a list of addresses.
func addresses(text string) ([]*mail.Address, error) {
	list, err := mail.ParseAddressList(text)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if err := clean(one); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func address(text string) (*mail.Address, error) {
	one, err := mail.ParseAddress(text)
	if err != nil {
		return nil, err
	}
	return one, clean(one)
}

// clean refuses what would end a line of SMTP.
func clean(one *mail.Address) error {
	if one.Address != line(one.Address) {
		return errors.New("it has control characters")
	}
	one.Name = line(one.Name)
	return nil
}

// message writes the mail. Its Message-ID is the action's id, so that one that is sent twice is known as such; all mails
// about one problem refer to the same, so that they make one thread.
func (s *sender) message(a *monitor.Action, to []*mail.Address, again bool) (*gomail.Msg, error) {
	at := strings.LastIndexByte(s.from.Address, '@')
	if at < 0 {
		return nil, errors.New("--from has no domain")
	}
	domain := s.from.Address[at+1:]
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	m.ToMailAddress(to...)
	m.Subject(short(line(cmp.Or(s.subject, subject(a)))))
	m.SetDateWithValue(a.Time.Std())
	m.SetMessageIDWithValue(a.ID + "@" + domain)
	if thread := thread(a); thread != "" {
		m.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+thread+"@"+domain+">")
		m.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+thread+"@"+domain+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	m.SetGenHeader("X-Onbu-Type", line(a.Notice.Type))
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

// short keeps a header below the length at which servers refuse it (RFC 5322 2.1.1: 998 bytes, encoded).
func short(subject string) string {
	if r := []rune(subject); len(r) > maxSubject {
		return string(r[:maxSubject-1]) + "…"
	}
	return subject
}

func bracketed(a *mail.Address) string { return (&mail.Address{Address: a.Address}).String() }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 126 })
}
