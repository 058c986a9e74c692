package http

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
)

// running is one run of a check over all its hops.
type running struct {
	*check
	engine context.Context // the engine's, whose end is not the check's own timeout
	ctx    context.Context
	start  time.Time
	tls    *tls.Config
	hop    hop
	hops   int    // redirections followed
	text   []byte // printed so far
}

// Run makes the check.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) {
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	r := &running{check: c, engine: ctx, ctx: limited, start: time.Now(), tls: c.tls, hop: c.first}
	if c.link {
		r.text = append(r.text, `<A HREF="`+r.hop.url()+`" target="_blank">`...)
	}
	if c.certFile != "" {
		pair, err := tls.LoadX509KeyPair(c.certFile, c.key)
		if err != nil {
			return r.say(monitor.Unknown, "client certificate: %v", err), nil
		}
		r.tls = r.tls.Clone()
		r.tls.Certificates = []tls.Certificate{pair}
	}
	target, request := c.target, c.request
	for {
		o, again, err := r.visit(&target, request)
		if !again {
			return o, err
		}
		if target, err = probe.NewTarget(r.hop.address, r.hop.port, c.Family, c.names); err != nil {
			return r.say(monitor.Critical, "%v\nHTTP CRITICAL - Unable to open TCP socket", err), nil
		}
		request = c.ask(&r.hop)
		r.tls = r.tls.Clone()
		r.tls.ServerName = c.serverName(&r.hop)
	}
}

// say ends the run with a text behind what was printed so far.
func (r *running) say(state monitor.State, format string, args ...any) monitor.Outcome {
	return probe.Result(state, fmt.Appendf(r.text, format, args...), nil)
}

// visit makes one request and judges the answer; again says that r.hop is now where the answer redirects to.
func (r *running) visit(target *probe.Target, request []byte) (o monitor.Outcome, again bool, err error) {
	began := time.Now()
	conn, err := target.Dial(r.ctx, r.doors)
	if err != nil {
		o, err = r.notConnected(target, err)
		return o, false, err
	}
	defer conn.Close()
	p := page{}
	p.took.connect = time.Since(began)
	state := monitor.OK
	if r.hop.tls {
		began = time.Now()
		if err := conn.StartTLS(r.tls, r.sessions); err != nil {
			o, err = r.noTLS(target, err)
			return o, false, err
		}
		p.took.tls = time.Since(began)
		if r.certificate && !r.curl {
			var text string
			state, text = r.days.Judge(conn.TLS().PeerCertificates[0], time.Now())
			r.text = append(r.text, text...)
			if !r.continueWithPage {
				return probe.Result(state, r.text, nil), false, nil
			}
			r.text = append(r.text, '\n')
		}
	}
	buf := r.buffers.get()
	defer r.buffers.put(buf)
	began = time.Now()
	_, _ = conn.Write(request) // what is wrong shows in the answer
	p.took.headers = time.Since(began)
	began = time.Now()
	if r.curl {
		err = r.collectAsCurl(conn, buf, &p)
	} else {
		err = r.collect(conn, buf, &p)
	}
	p.took.transfer = time.Since(began)
	if o, failed, err := r.unread(target, &p, err); failed {
		return o, false, err
	}
	if r.curl {
		return r.judgeAsCurl(conn, &p), false, nil
	}
	return r.judge(state, &p)
}

// notConnected is the outcome for a connection that could not be opened.
func (r *running) notConnected(target *probe.Target, err error) (monitor.Outcome, error) {
	lookup, unknown := errors.AsType[*probe.LookupError](err)
	refused, ok := errors.AsType[*probe.ConnectError](err)
	switch {
	case unknown && r.curl:
		return r.curlLookup(lookup), nil
	case unknown:
		return r.say(monitor.Critical, "%s\nHTTP CRITICAL - Unable to open TCP socket\n%v", lookup.Reason, lookup.Err), nil
	case ok && r.curl:
		return r.curlFailed(7, fmt.Sprintf("Failed to connect to %s port %d after %d ms: Couldn't connect to server",
			r.hop.address, r.hop.port, time.Since(r.start).Milliseconds()), refused.Error()), nil
	case ok:
		return r.say(monitor.Critical, "%v\nHTTP CRITICAL - Unable to open TCP socket", refused), nil
	case probe.TimedOut(err):
		return r.timedOut("Connection timed out after", "", "connecting to "+target.String())
	}
	return monitor.Outcome{}, err
}

func (r *running) noTLS(target *probe.Target, err error) (monitor.Outcome, error) {
	switch {
	case probe.TimedOut(err):
		return r.timedOut("Connection timed out after", "", "waiting for the TLS handshake of "+target.String())
	case r.curl:
		return r.curlFailed(35, err.Error(), ""), nil
	}
	return r.say(monitor.Critical, "CRITICAL - Cannot make SSL connection.\n%v", err), nil
}

// unread is the outcome for an answer that could not be read; failed is false if it could.
func (r *running) unread(target *probe.Target, p *page, err error) (o monitor.Outcome, failed bool, _ error) {
	big, tooMuch := errors.AsType[tooBig](err)
	curl, ok := errors.AsType[*curlError](err)
	switch {
	case err != nil && probe.TimedOut(err):
		o, err = r.timedOut("Operation timed out after", fmt.Sprintf(" with %d bytes received", p.size),
			fmt.Sprintf("reading the answer of %s, %d bytes received", target, p.size))
		return o, true, err
	case tooMuch:
		return r.say(monitor.Unknown, "HTTP UNKNOWN - %s: stopped after %d bytes", big, p.size), true, nil
	case ok:
		return r.curlFailed(curl.code, curl.text, ""), true, nil
	case err != nil:
		return r.say(monitor.Critical, "HTTP CRITICAL - Error on receive\n%v", err), true, nil
	case p.size == 0:
		return r.say(monitor.Critical, "HTTP CRITICAL - No data received from host\n%s ended the connection", target), true, nil
	}
	return o, false, nil
}

// timedOut is the outcome of a check whose time is over; curl and rest are libcurl's words for it.
func (r *running) timedOut(curl, rest, doing string) (monitor.Outcome, error) {
	o, err := probe.Timeout(r.engine, r.Timeout, doing)
	if err == nil && r.curl && r.engine.Err() == nil {
		long := o.LongOutput
		o = r.curlFailed(28, curl+" "+strconv.FormatInt(time.Since(r.start).Milliseconds(), 10)+" milliseconds"+rest, long)
		o.TimedOut = true
	}
	return o, err
}
