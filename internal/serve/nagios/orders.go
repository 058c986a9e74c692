package nagios

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

const (
	// mostResults is how many results are handed on together.
	mostResults = 1000
	// mostRefusals is how many refusals are kept for whoever is to be told.
	mostRefusals = 20
)

// Orders takes external commands of one source that is not on this machine. Passive results among them go to the sink as results, many together, and the
// others as commands, in the order in which they come.
type Orders struct {
	Sink   modules.Sink
	Source string
	// May says which hosts the source may speak for, nil for all. With it set commands that are for no host are refused.
	May func(host string) bool
	// ResultsOnly has all but passive results refused.
	ResultsOnly bool
}

// Report says what became of commands.
type Report struct {
	// Results is about the results among them; Obeyed counts the others that were stored.
	Results modules.Receipt
	Obeyed  int
	// Foreign were for hosts that the source may not speak for.
	Foreign int
	// Wrong is how many were not understood or not wanted, and Why has the reasons of the first of them.
	Wrong int
	Why   []error
}

var (
	errResultsOnly = errors.New("only passive results are taken here")
	errLocal       = errors.New("PROCESS_FILE reads and removes files of this machine: it is taken from the command file only")
	errBounds      = errors.New("the sender may not give commands that are for no host")
)

// Take hands the lines on, and returns when all are stored or refused. After an error, which is ctx's or the sink's, it is
// unknown what is stored.
func (o *Orders) Take(ctx context.Context, lines iter.Seq[string]) (Report, error) {
	t := taking{Orders: o, ctx: ctx, now: monitor.At(time.Now())}
	for line := range lines {
		if err := t.line(line); err != nil {
			return t.report, err
		}
	}
	return t.report, t.flush()
}

type taking struct {
	*Orders
	ctx     context.Context
	now     monitor.Time
	results []monitor.Submission
	report  Report
}

func (t *taking) line(line string) error {
	r, err := command.Parse(line, t.now)
	if err != nil {
		t.refuse(err)
		return nil
	}
	if t.May != nil && r.Ref.Host != "" && !t.May(r.Ref.Host) {
		t.report.Foreign++
		return nil
	}
	r.Source = t.Source
	if s, is := r.Submission(); is {
		t.results = append(t.results, s)
		if len(t.results) < mostResults {
			return nil
		}
		return t.flush()
	}
	switch {
	case t.ResultsOnly:
		t.refuse(errResultsOnly)
		return nil
	case r.Name == "PROCESS_FILE":
		t.refuse(errLocal)
		return nil
	case t.May != nil && r.Ref.Host == "":
		t.refuse(errBounds)
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	err = t.Sink.Obey(t.ctx, line, t.Source)
	switch {
	case err == nil:
		t.report.Obeyed++
	case t.ctx.Err() != nil:
		return err
	default:
		t.refuse(err)
	}
	return nil
}

func (t *taking) refuse(err error) {
	if t.report.Wrong++; len(t.report.Why) < mostRefusals {
		t.report.Why = append(t.report.Why, err)
	}
}

func (t *taking) flush() error {
	if len(t.results) == 0 {
		return nil
	}
	receipt, err := t.Sink.Submit(t.ctx, t.results)
	all := &t.report.Results
	all.Stored += receipt.Stored
	all.Unknown += receipt.Unknown
	all.Refused += receipt.Refused
	all.Over += receipt.Over
	t.results = t.results[:0]
	return err
}
