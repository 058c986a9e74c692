package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer/exim"
	"github.com/onbu/onbu/modules"
	notify "github.com/onbu/onbu/modules/notify/mail"
	"github.com/onbu/onbu/monitor"
)

// action is a notification about a problem of a service.
func action(change func(*monitor.Action)) *monitor.Action {
	at := monitor.At(time.Date(2026, 3, 1, 2, 17, 5, 0, time.UTC))
	a := &monitor.Action{
		ID: "0123456789abcdef", Kind: monitor.ActionNotification, Ref: monitor.Ref{Host: "db1", Service: "mysql"}, Contact: "ada", Time: at,
		Notice: &monitor.Notice{
			Type: "PROBLEM", Number: 1, Problem: 77, State: monitor.Critical, StateType: monitor.Hard, Attempt: 3, MaxAttempts: 3,
			Since: at.Add(-3 * time.Minute), HostState: monitor.Up, HostAlias: "Main database", Address: "192.0.2.5",
			Output: "connection refused", Email: "ada@example.org",
		},
	}
	if change != nil {
		change(a)
	}
	return a
}

func send(t *testing.T, a *monitor.Action, again bool, args ...string) error {
	t.Helper()
	s, err := notify.New().Parse(append([]string{"notify_mail", "--from", "onbu@example.org"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return s.Send(ctx, a, again)
}

func isLater(err error) bool {
	_, ok := errors.AsType[*modules.Later](err)
	return ok
}

// wrong wants an error with words in it, and to be it for good or not.
func wrong(t *testing.T, err error, later bool, words ...string) {
	t.Helper()
	if err == nil || isLater(err) != later {
		t.Errorf("got %v (to be tried again: %v), want an error (to be tried again: %v)", err, isLater(err), later)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	if strings.Contains(err.Error(), exim.Password) {
		t.Errorf("error %q tells the password", err)
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("error %q is more than a line", err)
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func text(t *testing.T, m exim.Mail) string {
	t.Helper()
	body, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Body)))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func subject(t *testing.T, m exim.Mail) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(m.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAServerWithoutTLSTakesMail(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{})
	for _, args := range [][]string{nil, {"--tls", "none"}} {
		if err := send(t, action(nil), false, append(args, "--server", "smtp://"+s.Plain)...); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--tls", "required"), false, "STARTTLS", "--tls required")
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--user", "onbu", "--password-file", file(t, "x")), false, "AUTH")
	wrong(t, send(t, action(nil), false, "--server", "smtps://"+s.Plain), false, "connecting", "TLS handshake")
	for _, m := range s.Mails(t, "ada", 2) {
		if r := m.Get("Received"); !strings.Contains(r, "with esmtp") || strings.Contains(r, "esmtps") {
			t.Errorf("received %q, want without TLS", r)
		}
	}
}

func TestTLSIsUsedAndTheCertificateLookedAt(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{STARTTLS: true})
	for _, c := range []struct {
		name, server string
		args         []string
		fails        string
		secure       bool
	}{
		{"optional takes any certificate", "smtp://" + s.Plain, nil, "", true},
		{"none", "smtp://" + s.Plain, []string{"--tls", "none"}, "", false},
		{"required with a certificate that is trusted", "smtp://" + s.Plain, []string{"--tls", "required", "--ca", s.CA}, "", true},
		{"required with another", "smtp://" + s.Plain, []string{"--tls", "required"}, "STARTTLS: tls: failed to verify certificate", true},
		{"optional with a password", "smtp://" + s.Plain, []string{"--user", "onbu", "--password-file", file(t, "x")}, "failed to verify certificate", true},
		{"from the start", "smtps://" + s.TLS, []string{"--ca", s.CA}, "", true},
		{"from the start with another certificate", "smtps://" + s.TLS, nil, "failed to verify certificate", true},
	} {
		box := strings.ReplaceAll(c.name, " ", "-")
		err := send(t, action(nil), false, append(c.args, "--server", c.server, "--to", box+"@example.org")...)
		if c.fails != "" {
			wrong(t, err, false, c.fails)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r := s.Mails(t, box, 1)[0].Get("Received"); strings.Contains(r, "esmtps") != c.secure {
			t.Errorf("%s: received %q", c.name, r)
		}
	}
}

func TestAPasswordGoesToNobodyElse(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{STARTTLS: true, AUTH: true})
	good, bad := file(t, exim.Password+"\r\nnot this\n"), file(t, exim.Password+"x")
	for _, c := range []struct {
		name, with string
		args       []string
	}{
		{"STARTTLS", "esmtpsa", []string{"--server", "smtp://" + s.Plain, "--ca", s.CA}},
		{"TLS from the start", "esmtpsa", []string{"--server", "smtps://" + s.TLS, "--ca", s.CA}},
		{"CRAM-MD5 without TLS", "esmtpa", []string{"--server", "smtp://" + s.Plain, "--tls", "none"}},
	} {
		args := append(c.args, "--user", exim.User)
		box := c.with + strings.ReplaceAll(c.name, " ", "-")
		if err := send(t, action(nil), false, append(args, "--password-file", good, "--to", box+"@example.org")...); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r := s.Mails(t, box, 1)[0].Get("Received"); !strings.Contains(r, "with "+c.with) {
			t.Errorf("%s: received %q, want with %s", c.name, r, c.with)
		}
		wrong(t, send(t, action(nil), false, append(args, "--password-file", bad)...), false, "AUTH as onbu", "535")
	}
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--ca", s.CA, "--user", "onbu", "--password-file", "/nowhere/secret"), false, "/nowhere/secret")
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--ca", s.CA, "--user", "onbu", "--password-file", file(t, "")), false, "first line is empty")
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain), false, "550", "say who you are first")
}

func TestWhatTheServerRefusesIsSaid(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{})
	to := func(list string) error {
		return send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--to", list)
	}
	wrong(t, to("nobody@example.org"), false, "nobody@example.org", "550", "no such mailbox")
	wrong(t, to("later@example.org"), true, "later@example.org", "451", "greylisted")
	wrong(t, to("nobody@example.org, later@example.org"), true, "550", "451")
	wrong(t, send(t, action(nil), false, "--server", "smtp://"+s.Plain, "--from", "refused@example.org"), false, "MAIL FROM", "not welcome")
	// Whoever can be told is told, and the error names the others: they would not be helped by its coming again.
	wrong(t, to("Bob <bob@example.org>, nobody@example.org, later@example.org, eve@example.org"), false, "2 of 4", "nobody@example.org", "later@example.org")
	for _, box := range []string{"bob", "eve"} {
		if got := s.Mails(t, box, 1)[0].Get("To"); !strings.Contains(got, `"Bob" <bob@example.org>`) || !strings.Contains(got, "<eve@example.org>") {
			t.Errorf("To of %s is %q", box, got)
		}
	}
	wrong(t, send(t, action(func(a *monitor.Action) { a.Notice.Email = "" }), false, "--server", "smtp://"+s.Plain), false, "contact ada has no email")
	wrong(t, send(t, action(func(a *monitor.Action) { a.Notice.Email = "root" }), false, "--server", "smtp://"+s.Plain), false, `email "root" of contact ada`)
	s.Stop()
	wrong(t, to("ada@example.org"), true, "connecting to 127.0.0.1", "connection refused")
}

// All mails about one problem are one thread, another problem is another.
func TestMailsOfAProblemAreOneThread(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{})
	for i, kind := range []string{"PROBLEM", "ACKNOWLEDGEMENT", "RECOVERY", "CUSTOM"} {
		a := action(func(a *monitor.Action) { a.ID, a.Notice.Type = "id"+kind, kind })
		if i == 3 {
			a.Notice.Problem = 0
		}
		if err := send(t, a, i == 1, "--server", "smtp://"+s.Plain, "--to", strings.ToLower(kind)+"@example.org"); err != nil {
			t.Fatal(err)
		}
		m := s.Mails(t, strings.ToLower(kind), 1)[0]
		thread, duplicate := "<problem.77@example.org>", ""
		if i == 3 {
			thread = ""
		}
		if i == 1 {
			duplicate = "yes"
		}
		for header, want := range map[string]string{
			"Message-Id": "<id" + kind + "@example.org>", "In-Reply-To": thread, "References": thread, "Auto-Submitted": "auto-generated",
			"X-Onbu-Possible-Duplicate": duplicate, "X-Onbu-Type": kind, "Return-Path": "<onbu@example.org>",
			"Date": "Sun, 01 Mar 2026 02:17:05 +0000",
		} {
			if got := m.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, header, got, want)
			}
		}
		if got := strings.Contains(text(t, m), "You may have this already"); got != (i == 1) {
			t.Errorf("%s: the text says that it may have been sent before: %v", kind, got)
		}
	}
}

func TestTextsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{})
	long := strings.Repeat("nächster Wert 17 µs, ", 400)
	a := action(func(a *monitor.Action) {
		a.Host, a.Notice.Output, a.Notice.LongOutput = "grüße-1", long, "zweite Zeile\n.\n..\nFrom here\n"+strings.Repeat("x", 3000)
	})
	if err := send(t, a, false, "--server", "smtp://"+s.Plain); err != nil {
		t.Fatal(err)
	}
	m := s.Mails(t, "ada", 1)[0]
	if got, want := subject(t, m), "** PROBLEM Service Alert: grüße-1/mysql is CRITICAL **"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	body := text(t, m)
	for _, want := range []string{long, "grüße-1", "\nzweite Zeile\n.\n..\nFrom here\n" + strings.Repeat("x", 3000) + "\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("the text lacks %.60q:\n%.500s", want, body)
		}
	}
	for _, l := range strings.Split(m.Raw, "\n") {
		if len(l) > 200 {
			t.Errorf("a line of %d bytes: %.80q", len(l), l)
		}
	}
}

// Nothing that comes from outside makes a header, a recipient or a line of SMTP.
func TestNothingFromOutsideMakesAHeader(t *testing.T) {
	t.Parallel()
	s := exim.Start(t, exim.Options{})
	evil := "x\r\nBcc: eve@example.org\r\nX-Evil: yes\r\n\r\nbody\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<eve@example.org>\r\n"
	a := action(func(a *monitor.Action) {
		n := a.Notice
		a.Host, a.Service = evil, evil
		n.Type, n.HostAlias, n.Address, n.Output, n.LongOutput, n.Author, n.Comment, n.NotesURL, n.ActionURL = "ACKNOWLEDGEMENT", evil, evil, evil, evil, evil, evil, evil, evil
	})
	for i, args := range [][]string{nil, {"--subject", evil}, {"--subject", strings.Repeat(evil, 200)}, {"--subject", strings.Repeat("ä", 5000)}} {
		if err := send(t, a, false, append(args, "--server", "smtp://"+s.Plain)...); err != nil {
			t.Fatal(err)
		}
		for _, m := range s.Mails(t, "ada", i+1) {
			if m.Get("Bcc")+m.Get("X-Evil") != "" || len(m.Header["Subject"]) != 1 || m.Get("To") != "<ada@example.org>" {
				t.Errorf("headers of the mail: %v", m.Header)
			}
			if got := len([]rune(subject(t, m))); got > 260 {
				t.Errorf("a subject of %d characters", got)
			}
		}
	}
	wrong(t, send(t, action(func(a *monitor.Action) { a.Notice.Email = "\"a\r\nRCPT TO:<eve@example.org>\"@example.org" }), false, "--server", "smtp://"+s.Plain), false, "email")
	if strings.Contains(s.Log(), "eve@") {
		t.Errorf("somebody else got mail:\n%s", s.Log())
	}
}
