package mail_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/modules"
	notify "github.com/onbu/onbu/modules/notify/mail"
)

// answers is a server that says what a real one never would. The text after a mail's end is its answer to ".".
func answers(t *testing.T, script map[string]string) string {
	t.Helper()
	return "127.0.0.1:" + probetest.Serve(t, func(c net.Conn) {
		defer c.Close()
		lines := bufio.NewScanner(c)
		for word, data := "", false; ; word = lines.Text() {
			if data && word != "." {
				if !lines.Scan() {
					return
				}
				continue
			}
			verb, _, _ := strings.Cut(strings.ToUpper(word), " ")
			answer, ok := script[verb]
			if !ok {
				answer = map[string]string{"": "220 here", "DATA": "354 go on", "QUIT": "221 bye"}[verb]
			}
			switch {
			case answer == "close":
				return
			case answer == "hang":
				_, _ = io.Copy(io.Discard, c)
				return
			case answer == "chat":
				for err := error(nil); err == nil; {
					_, err = fmt.Fprintf(c, "250-%s\r\n", strings.Repeat("x", 4000))
				}
				return
			case answer == "":
				answer = "250 OK"
			}
			fmt.Fprintf(c, "%s\r\n", answer)
			data = verb == "DATA" && strings.HasPrefix(answer, "354")
			if !lines.Scan() {
				return
			}
		}
	})
}

func TestAServerInTroubleIsTriedAgainUnlessItSaysNo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		script         map[string]string
		later, perhaps bool
		want           string // "" when the mail counts as sent
	}{
		{"refuses at once", map[string]string{"": "554 no mail here"}, false, false, "greeting: 554 no mail here"},
		{"is busy", map[string]string{"": "421 too many connections"}, true, false, "greeting: 421 too many connections"},
		{"closes at once", map[string]string{"": "close"}, true, false, "greeting: the server closed the connection"},
		{"is no mail server", map[string]string{"": "HTTP/1.1 400 Bad Request"}, false, false, "greeting: "},
		{"closes after EHLO", map[string]string{"EHLO": "close"}, true, false, "EHLO: the server closed the connection"},
		{"closes after MAIL", map[string]string{"MAIL": "close"}, true, false, "MAIL FROM <onbu@example.org>: the server closed the connection"},
		{"closes after RCPT", map[string]string{"RCPT": "close"}, true, false, "RCPT TO <ada@example.org>: the server closed the connection"},
		{"closes after DATA", map[string]string{"DATA": "close"}, true, false, "DATA: the server closed the connection"},
		{"closes after the text", map[string]string{".": "close"}, true, true, "the end of the text: the server closed the connection"},
		{"is full", map[string]string{".": "452 no space"}, true, false, "the end of the text: 452 no space"},
		{"dislikes the text", map[string]string{".": "554 spam\r\n"}, false, false, "the end of the text: 554 spam"},
		{"talks without end", map[string]string{"EHLO": "chat"}, false, false, "the server talks without end"},
		{"speaks in lines", map[string]string{"MAIL": "550-one\r\n550-two\r\n550 three"}, false, false, "550 one two three"},
		{"has taken it and closes", map[string]string{"QUIT": "close"}, false, false, ""},
		{"has taken it and complains", map[string]string{"QUIT": "500 what?"}, false, false, ""},
		{"has taken it and hangs", map[string]string{"QUIT": "hang"}, false, false, ""},
	} {
		err := send(t, action(nil), false, "--server", "smtp://"+answers(t, c.script))
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v, want it to count as sent", c.name, err)
			}
			continue
		}
		wrong(t, err, c.later, c.want)
		if later, ok := errors.AsType[*modules.Later](err); ok && later.Perhaps != c.perhaps {
			t.Errorf("%s: perhaps told is %v, want %v", c.name, later.Perhaps, c.perhaps)
		}
	}
}

func TestAServerThatHangsIsLeftInTime(t *testing.T) {
	for _, at := range []string{"", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		t.Run("at "+cmp.Or(at, "the greeting"), func(t *testing.T) {
			t.Parallel()
			s, err := notify.New().Parse([]string{"notify_mail", "--from", "onbu@example.org", "--server", "smtp://" + answers(t, map[string]string{at: "hang"})})
			if err != nil {
				t.Fatal(err)
			}
			// Time enough to come as far as that on a machine that has other things to do.
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			began := time.Now()
			wrong(t, s.Send(ctx, action(nil), false), true, "no answer in time")
			if took := time.Since(began); took > patience {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// go-mail's own client keeps the connection when a step after the dial fails, and knows nothing of a context.
func TestNothingStaysOpen(t *testing.T) {
	greeted, gone := make(chan struct{}), make(chan struct{})
	addr := "127.0.0.1:" + probetest.Serve(t, func(c net.Conn) {
		fmt.Fprint(c, "220 here\r\n")
		greeted <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
		gone <- struct{}{}
	})
	s, err := notify.New().Parse([]string{"notify_mail", "--server", "smtp://" + addr})
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-greeted // so there is something that could stay open
			cancel()
		}()
		if err := s.Send(ctx, action(nil), false); !isLater(err) {
			t.Errorf("got %v", err)
		}
		select {
		case <-gone:
		case <-time.After(patience):
			t.Fatal("a connection is still open")
		}
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before+2; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// patience is how long anything that must happen may take on a machine that has other things to do.
const patience = 60 * time.Second
