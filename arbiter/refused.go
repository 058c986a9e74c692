package arbiter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/wire"
)

// lookAgain is how long after a reload that was refused the files are looked at again: somebody may have put back those in force, for which
// nobody reloads. Large ones are looked at less often, so that reading them is at most a twentieth of the arbiter's time.
const (
	lookAgain = time.Minute
	lookPart  = 20
)

// brokenError is what is wrong with the files of an arbiter, a mistake a line.
type brokenError struct {
	main  string
	count int // with those that have no line
	lines []string
}

// Error implements error.
func (e *brokenError) Error() string { return e.say(e.main) }

func (e *brokenError) say(whose string) string {
	return strings.Join(append([]string{whose + " has " + plural(e.count, "error") + ":"}, e.lines...), "\n")
}

// tell gives an error to whoever asked, who may sit at another machine with files of its own: it says whose files it is about.
func (a *Arbiter) tell(err error) string {
	if broken, ok := errors.AsType[*brokenError](err); ok {
		return broken.say(broken.main + " of arbiter " + a.o.Name)
	}
	return "arbiter " + a.o.Name + ": " + err.Error()
}

// refusal is that the last reload was refused, until one succeeds or the files are again those in force.
type refusal struct {
	text  atomic.Pointer[string] // nil for none
	again <-chan time.Time       // when to look at the files; only who serves uses it
}

// Troubles are what somebody should look at though the arbiter works. Any goroutine may call it.
func (a *Arbiter) Troubles() []string {
	if text := a.refusal.text.Load(); text != nil {
		return []string{*text}
	}
	return nil
}

// hold keeps in mind that files were refused, for some reason, and how long they took to read.
func (a *Arbiter) hold(ctx context.Context, why error, took time.Duration) {
	goes := "the configuration in force"
	if _, now, err := a.current(ctx); err == nil && now.Number > 0 {
		goes = fmt.Sprint("the configuration of generation ", now.Number)
	}
	text := fmt.Sprintf("refused its files on %s (%s): %s goes on; onbu reload --check lists what is wrong", time.Now().Format("2006-01-02 at 15:04"), firstLine(why.Error()), goes)
	a.refusal.text.Store(&text)
	a.refusal.again = time.After(max(lookAgain, lookPart*took))
}

// forgive forgets a refusal.
func (a *Arbiter) forgive() {
	a.refusal.text.Store(nil)
	a.refusal.again = nil
}

// reconsider looks whether files that were refused are again those in force.
func (a *Arbiter) reconsider(ctx context.Context) {
	began := time.Now()
	if now, again := a.restored(ctx); again {
		a.o.Log.Info("the files are again those in force", "generation", now.Number, "main", a.o.Main)
		a.forgive()
		return
	}
	a.refusal.again = time.After(max(lookAgain, lookPart*time.Since(began)))
}

// restored says whether the files are again those in force; if they were held back, it goes on with them.
func (a *Arbiter) restored(ctx context.Context) (now wire.Generation, again bool) {
	_, now, err := a.current(ctx)
	if err != nil {
		return now, false
	}
	c, report := load(a.o.Main, objects.Opts{Keep: a.dynamic.list.Len() > 0})
	if !report.OK() || c.Sum != now.Texts {
		return now, false
	}
	if a.differs.Load() {
		again, err = a.recognise(ctx, c, now)
		return now, again && err == nil
	}
	return now, true
}
