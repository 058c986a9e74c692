package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

// patience is how long anything that must happen may take on a machine that has other things to do.
const patience = 60 * time.Second

// onbu is a running daemon.
type onbu struct {
	*realpeer.Process
	console.Client
	t *testing.T
}

// launch starts a daemon without waiting for it. Every one gets a state folder and a free port of its own.
func launch(t *testing.T, args ...string) *onbu {
	t.Helper()
	return &onbu{Process: realpeer.Start(t, binary, args...), t: t}
}

// serve starts a daemon with an API and waits until it listens.
func serve(t *testing.T, state string, args ...string) *onbu {
	t.Helper()
	o := launch(t, append(args, "--state", state, "--http", "127.0.0.1:0")...)
	o.listening()
	return o
}

var listens = regexp.MustCompile(`msg=listening http=http://(\S+)`)

// listening waits for the address of the API.
func (o *onbu) listening() {
	o.t.Helper()
	o.eventually("listens", func() error {
		m := listens.FindStringSubmatch(o.Output())
		if m == nil {
			return errors.New("no line says where")
		}
		o.Addr = m[1]
		return nil
	})
}

// eventually waits until holds gives nil; the test fails when the daemon has ended, or when it takes too long.
func (o *onbu) eventually(what string, holds func() error) {
	o.t.Helper()
	select {
	case <-o.Ended():
		o.t.Fatalf("onbu ended before: %s\n%s", what, o.Output())
	default:
	}
	within(o.t, patience, what, holds)
}

// within waits until holds gives nil; the test fails when it takes longer than limit.
func within(t *testing.T, limit time.Duration, what string, holds func() error) {
	t.Helper()
	end := time.Now().Add(limit)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s: %v", limit, what, err)
		}
		pause(50 * time.Millisecond)
	}
}

// pause lets time pass between two looks at something.
func pause(d time.Duration) { <-time.After(d) }

// says waits for words in the daemon's log.
func (o *onbu) says(words string) {
	o.t.Helper()
	o.eventually("logs "+words, func() error {
		if !strings.Contains(o.Output(), words) {
			return errors.New("not in the log")
		}
		return nil
	})
}

// objects gives hosts and services by name: "host" and "host/service".
func (o *onbu) objects() (map[string]api.Object, error) {
	all := map[string]api.Object{}
	for _, what := range []string{"hosts", "services"} {
		some, err := o.Objects(context.Background(), what, nil)
		if err != nil {
			return nil, err
		}
		for _, one := range some {
			name := one.Host
			if one.Service != "" {
				name += "/" + one.Service
			}
			all[name] = one
		}
	}
	return all, nil
}

// seen waits until an object is as asked for and gives it.
func (o *onbu) seen(name, what string, is func(api.Object) bool) api.Object {
	o.t.Helper()
	var one api.Object
	o.eventually(name+" "+what, func() error {
		all, err := o.objects()
		if err != nil {
			return err
		}
		var there bool
		if one, there = all[name]; !there || !is(one) {
			return fmt.Errorf("it is %+v", one)
		}
		return nil
	})
	return one
}

// obey gives a command as a person would, and fails the test unless it was carried out.
func (o *onbu) obey(format string, args ...any) {
	o.t.Helper()
	line := fmt.Sprintf(format, args...)
	if out, code := call(o.t, "command", "--http", o.Addr, line); code != 0 {
		o.t.Errorf("onbu command %q: exit status %d: %s", line, code, out)
	}
}

// metric gives the sum of a metric over its labels.
func (o *onbu) metric(name string) (float64, error) {
	resp, err := http.Get("http://" + o.Addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	sum, found := 0.0, false
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), " ")
		if key != name && !strings.HasPrefix(key, name+"{") {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, err
		}
		sum, found = sum+n, true
	}
	if !found {
		return 0, fmt.Errorf("no metric is called %s", name)
	}
	return sum, nil
}

// counts waits until a metric has a value.
func (o *onbu) counts(name string, want float64) {
	o.t.Helper()
	o.eventually(fmt.Sprintf("%s is %v", name, want), func() error {
		got, err := o.metric(name)
		if err == nil && got != want {
			err = fmt.Errorf("it is %v", got)
		}
		return err
	})
}

// signal sends a signal to the daemon alone, not to its children.
func (o *onbu) signal(s syscall.Signal) {
	o.t.Helper()
	if err := o.Process.Process.Signal(s); err != nil {
		o.t.Fatal(err)
	}
}

// kill ends the daemon as a power cut would.
func (o *onbu) kill() {
	o.t.Helper()
	o.signal(syscall.SIGKILL)
	<-o.Ended()
}

// call runs the program to its end and gives what it printed on both streams, and its exit status.
func call(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var buf bytes.Buffer
	code = callTo(t, &buf, &buf, args...)
	return buf.String(), code
}

func callTo(t *testing.T, stdout, stderr io.Writer, args ...string) (code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}
