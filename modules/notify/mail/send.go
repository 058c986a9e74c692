package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/onbu/onbu/internal/secret"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// maxAnswers bounds what a server may say in one conversation; it says a few hundred bytes.
	maxAnswers = 256 << 10
	// maxQuoted is how much of an answer an error quotes.
	maxQuoted = 300
	// goodbye is how long QUIT may take; the mail is the server's by then.
	goodbye = time.Second
)

// Send implements modules.Sender. Each mail has a connection of its own: mails are rare, and one that was kept would be
// stale at the next. Whoever the server takes is told at once; an error then names the others.
func (s *sender) Send(ctx context.Context, a *monitor.Action, again bool) error {
	l, err := s.letter(a, again)
	if err != nil {
		return err
	}
	conf, err := s.trust()
	if err != nil {
		return err
	}
	conn, err := s.dial(ctx, conf)
	if err != nil {
		return trouble("connecting to "+s.server.Host, err)
	}
	defer conn.Close()
	// The client knows no context. A deadline in the past ends whatever it waits for.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	c, err := s.greet(conn, conf)
	if err != nil {
		return err
	}
	err = deliver(c, l)
	if ctx.Err() == nil {
		_ = conn.SetDeadline(time.Now().Add(goodbye))
		_ = c.Quit() // what became of the mail is known, whatever the server says to that
	}
	return err
}

// dial connects, with TLS from the start for smtps.
func (s *sender) dial(ctx context.Context, conf *tls.Config) (net.Conn, error) {
	port, err := s.port()
	if err != nil {
		return nil, err
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(s.server.Hostname(), strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	conn := &bounded{Conn: raw, left: maxAnswers}
	if s.server.Scheme != "smtps" {
		return conn, nil
	}
	secure := tls.Client(conn, conf)
	if err := secure.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return secure, nil
}

// greet says who is there, and makes the conversation as safe as the command line wants it.
func (s *sender) greet(conn net.Conn, conf *tls.Config) (*smtp.Client, error) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	c, err := smtp.NewClient(conn, s.server.Hostname())
	if err != nil {
		return nil, trouble("greeting", err)
	}
	if err := c.Hello(name); err != nil {
		return nil, trouble("EHLO", err)
	}
	if err := s.encrypt(c, conf); err != nil {
		return nil, err
	}
	return c, s.login(c)
}

func (s *sender) encrypt(c *smtp.Client, conf *tls.Config) error {
	if s.server.Scheme == "smtps" || s.tls == "none" {
		return nil
	}
	if offered, _ := c.Extension("STARTTLS"); !offered {
		if s.tls == "required" {
			return errors.New("the server does not offer STARTTLS, and the command says --tls required; the mail is not sent")
		}
		return nil
	}
	return trouble("STARTTLS", c.StartTLS(conf))
}

// login proves who we are. A password goes to nobody who may not be the server: without TLS only as a proof that it is
// known.
func (s *sender) login(c *smtp.Client) error {
	if s.user == "" {
		return nil
	}
	text, err := secret.Read("--password-file", s.secret)
	if err != nil {
		return err
	}
	password := string(text)
	_, offered := c.Extension("AUTH")
	_, encrypted := c.TLSConnectionState()
	for mechanism := range strings.FieldsSeq(strings.ToUpper(offered)) {
		switch {
		case mechanism == "PLAIN" && encrypted:
			return trouble("AUTH as "+s.user, c.Auth(smtp.PlainAuth("", s.user, password, s.server.Hostname(), false)))
		case mechanism == "LOGIN" && encrypted:
			return trouble("AUTH as "+s.user, c.Auth(smtp.LoginAuth(s.user, password, s.server.Hostname(), false)))
		case mechanism == "CRAM-MD5":
			return trouble("AUTH as "+s.user, c.Auth(smtp.CRAMMD5Auth(s.user, password)))
		}
	}
	if encrypted {
		return fmt.Errorf("AUTH: the server offers %q; PLAIN, LOGIN and CRAM-MD5 are known", offered)
	}
	return fmt.Errorf("AUTH: the server offers %q without TLS; there only CRAM-MD5 hides the password: have the server offer STARTTLS, or use smtps://", offered)
}

// deliver hands a letter over. Once the server has taken it nothing asks for another try.
func deliver(c *smtp.Client, l *letter) error {
	c.SkipSMTPUTF8(l.ascii) // a server may not be able to pass on what asks for more than it needs
	if err := c.Mail(l.from); err != nil {
		return trouble("MAIL FROM "+l.from, err)
	}
	refused, err := addressees(c, l.to)
	if err != nil {
		return err
	}
	if len(refused) == len(l.to) {
		return all(refused)
	}
	if err := write(c, l.text); err != nil || len(refused) == 0 {
		return err
	}
	return fmt.Errorf("%d of %d addresses are told; %s", len(l.to)-len(refused), len(l.to), joined(refused))
}

// addressees names the recipients, and gives what the server said about those whom it does not take.
func addressees(c *smtp.Client, to []string) (refused []error, err error) {
	for _, one := range to {
		err := c.Rcpt(one)
		if err == nil {
			continue
		}
		told := trouble("RCPT TO "+one, err)
		if _, answered := errors.AsType[*textproto.Error](err); !answered {
			return nil, told
		}
		refused = append(refused, told)
	}
	return refused, nil
}

// write sends the text. From its end on the server has all of it: whether it keeps it only its answer tells.
func write(c *smtp.Client, text []byte) error {
	w, err := c.Data()
	if err != nil {
		return trouble("DATA", err)
	}
	if _, err := w.Write(text); err != nil {
		return trouble("sending the text", err)
	}
	err = trouble("the end of the text", w.Close())
	if later, ok := errors.AsType[*modules.Later](err); ok {
		_, answered := errors.AsType[*textproto.Error](err)
		later.Perhaps = !answered
	}
	return err
}

// all joins what was said about all recipients: as long as one may be told soon, that is worth another try.
func all(refused []error) error {
	err := errors.New(joined(refused))
	for _, one := range refused {
		if _, ok := errors.AsType[*modules.Later](one); ok {
			return &modules.Later{Err: err}
		}
	}
	return err
}

func joined(errs []error) string { return oneLine(errors.Join(errs...).Error()) }

// trouble names the step at which something went wrong and tells what may be over soon from what stays: answers of 5xx (RFC
// 5321 4.2.1), a certificate that is not trusted, and a server that speaks something else.
func trouble(step string, err error) error {
	if err == nil {
		return nil
	}
	told := &failure{text: oneLine(step + ": " + reason(err)), err: err}
	if stays(err) {
		return told
	}
	return &modules.Later{Err: told}
}

func stays(err error) bool {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return answer.Code < 400 || answer.Code >= 500
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	_, foreign := errors.AsType[textproto.ProtocolError](err)
	return untrusted || plain || foreign || errors.Is(err, errChatty)
}

func reason(err error) string {
	answer, answered := errors.AsType[*textproto.Error](err)
	switch {
	case answered:
		return fmt.Sprintf("%03d %s", answer.Code, answer.Msg)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection"
	}
	return err.Error()
}

// failure is an error as one line.
type failure struct {
	text string
	err  error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// oneLine makes a short line of what a server said.
func oneLine(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted] + "…"
	}
	return strings.Join(strings.Fields(line(s)), " ")
}

var errChatty = errors.New("the server talks without end")

// bounded is a connection from which only so much is read.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errChatty
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
