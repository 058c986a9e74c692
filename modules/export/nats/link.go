package nats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/internal/secret"
	"github.com/onbu/onbu/modules"
)

const (
	lookAgain = time.Minute // how long it is believed which streams the other server has
	lookFor   = time.Second // how long it may take to say so
)

// link is the connection to the other server. One goroutine uses it.
type link struct {
	url, name, prefix string
	creds             string
	username          string
	password, token   given
	trust             outbound.Trust
	timeout           time.Duration
	acks              string // auto, yes, no

	conn     *nats.Conn
	js       jetstream.JetStream
	patterns []string  // of subjects that streams cover
	looked   time.Time // when
	told     error     // the newest complaint of the server before the messages at hand
}

// given is a secret: its text, or the file that it stands in.
type given struct{ text, option, path string }

func (g *given) read() (string, error) {
	if g.path == "" {
		return g.text, nil
	}
	line, err := secret.Read(g.option, g.path)
	return string(line), err
}

func readLink(s *modules.Settings) *link {
	l := &link{
		url: s.Text("url", "nats://127.0.0.1:4222"), name: "onbu " + s.Name(), creds: s.File("creds_file", ""), username: s.Text("username", ""),
		password: given{s.Text("password", ""), "password_file", s.File("password_file", "")},
		token:    given{s.Text("token", ""), "token_file", s.File("token_file", "")},
		trust:    outbound.ReadTrust(s), timeout: s.Duration("timeout", 10*time.Second, 100*time.Millisecond, 5*time.Minute),
		acks: s.Choice("jetstream", "auto", "auto", "yes", "no"),
	}
	for one := range strings.SplitSeq(l.url, ",") {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(one), "://")
		switch {
		case !ok || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, scheme):
			s.Wrong("url", "write nats://HOST:PORT or tls://HOST:PORT, several with commas between")
		case strings.Contains(rest, "@"):
			s.Wrong("url", "names and secrets do not belong into it: write username and password_file, token_file or creds_file")
		}
	}
	ways := 0
	for _, way := range []string{l.creds, l.username, l.token.text + l.token.path} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 {
		s.Wrong("username", "there is another way to say who we are besides: write one of username, token_file and creds_file")
	}
	return l
}

// open connects if there is no connection, and looks which streams there are if that was long ago.
func (l *link) open(ctx context.Context) error {
	if l.conn == nil || l.conn.IsClosed() {
		if err := l.dial(ctx); err != nil {
			return err
		}
	}
	if !l.conn.IsConnected() {
		return errors.New("the connection to the other server is interrupted")
	}
	if l.acks != "no" && time.Since(l.looked) >= lookAgain {
		if err := l.look(ctx); err != nil {
			return err
		}
	}
	l.told = l.conn.LastError() // that we may not look is no trouble
	return nil
}

func (l *link) dial(ctx context.Context) error {
	options := []nats.Option{
		nats.Name(l.name), nats.Timeout(l.timeout), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second),
		nats.ReconnectBufSize(-1), // what cannot be sent is not to wait where it can be lost
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // flush looks; the library's own prints
	}
	who, err := l.identity()
	if err != nil {
		return err
	}
	if l.trust.Asked() {
		conf, err := l.trust.Config()
		if err != nil {
			return err
		}
		options = append(options, nats.Secure(conf))
	}
	conn, err := connect(ctx, l.url, append(options, who...)...)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(1<<16), jetstream.WithPublishAsyncTimeout(l.timeout))
	if err != nil {
		conn.Close()
		return err
	}
	l.conn, l.js, l.looked = conn, js, time.Time{}
	return nil
}

// connect is nats.Connect, which heeds no context, for as long as ctx lasts.
func connect(ctx context.Context, url string, options ...nats.Option) (*nats.Conn, error) {
	type result struct {
		conn *nats.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		conn, err := nats.Connect(url, options...)
		done <- result{conn, err}
	}()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		go func() { // the options bound how long that takes
			if r := <-done; r.conn != nil {
				r.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func (l *link) identity() ([]nats.Option, error) {
	switch {
	case l.creds != "":
		return []nats.Option{nats.UserCredentials(l.creds)}, nil
	case l.username != "":
		password, err := l.password.read()
		return []nats.Option{nats.UserInfo(l.username, password)}, err
	case l.token.text+l.token.path != "":
		token, err := l.token.read()
		return []nats.Option{nats.Token(token)}, err
	}
	return nil, nil
}

// look finds out which subjects streams cover. Who must not ask, or has no JetStream, has none.
func (l *link) look(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	var patterns []string
	list := l.js.ListStreams(short, jetstream.WithStreamListSubject(l.prefix+".>"))
	for s := range list.Info() {
		patterns = append(patterns, s.Config.Subjects...)
	}
	err := list.Err()
	if err == nil && len(patterns) == 0 {
		err = fmt.Errorf("there is no stream with subjects below %s", l.prefix)
	}
	if err != nil && l.acks == "yes" {
		return fmt.Errorf("JetStream of the other server: %w", err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.patterns, l.looked = patterns, time.Now()
	return nil
}

// stored says whether a stream covers a subject, or has to.
func (l *link) stored(subject string) bool {
	return l.acks == "yes" || slices.ContainsFunc(l.patterns, func(p string) bool { return covers(p, subject) })
}

// flush returns once the server has everything and has not complained of it.
func (l *link) flush(ctx context.Context) error {
	if err := l.conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("handing messages over: %w", err)
	}
	if err := l.conn.LastError(); err != nil && err != l.told { // another one, not another kind
		return fmt.Errorf("the other server complains: %w", err)
	}
	return nil
}

// forget has the streams looked for anew.
func (l *link) forget() { l.looked = time.Time{} }

func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
	}
}
