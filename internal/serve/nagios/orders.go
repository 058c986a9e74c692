package nagios

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

const (
	// mostAtOnce is how many lines are handed on together where commands are among them. Results go all at once: a quota takes a
	// request as a whole.
	mostAtOnce = 1000
	// mostRefusals is how many refusals are kept for whoever is to be told.
	mostRefusals = 20
)

// Orders takes external commands of one source that is not on this machine. Where all are passive results they go to the sink as
// results, many together. Where others are among them all go as commands, so that they take effect in the order in which they come.
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
	errForeign     = errors.New("the sender may not speak for this host")
	errBounds      = errors.New("the sender may speak for some hosts only, and this command reaches others, or sets what is run")
)

// Take hands the lines on, and returns when all are stored or refused. After an error, which is ctx's or the sink's, it is
// unknown what is stored.
func (o *Orders) Take(ctx context.Context, lines iter.Seq[string]) (Report, error) {
	all := slices.Collect(lines)
	t := taking{Orders: o, ctx: ctx, now: monitor.At(time.Now())}
	if bulk, ok := o.Sink.(modules.Bulk); ok && !o.ResultsOnly && slices.ContainsFunc(all, order) {
		t.bulk = bulk
	}
	for _, line := range all {
		if err := t.line(line); err != nil {
			return t.report, err
		}
	}
	return t.report, t.flush()
}

// order says whether a line is something else than a passive result.
func order(line string) bool {
	name := command.Name(line)
	return name != "PROCESS_HOST_CHECK_RESULT" && name != "PROCESS_SERVICE_CHECK_RESULT"
}

type taking struct {
	*Orders
	ctx     context.Context
	now     monitor.Time
	results []monitor.Submission
	report  Report
	// bulk is set if results and commands have an order among each other. Then mixed is what waits for it.
	bulk  modules.Bulk
	mixed []mixed
}

// mixed is a line that is understood and wanted.
type mixed struct {
	line   string
	result bool
}

func (t *taking) line(line string) error {
	r, err := command.Parse(line, t.now)
	if err == nil {
		err = t.objection(&r)
	}
	switch {
	case errors.Is(err, errForeign):
		t.report.Foreign++
		return nil
	case err != nil:
		t.refuse(err)
		return nil
	}
	r.Source = t.Source
	s, result := r.Submission()
	switch {
	case t.bulk != nil:
		t.mixed = append(t.mixed, mixed{line, result})
	case result:
		t.results = append(t.results, s)
	default:
		return t.obey(line)
	}
	if len(t.mixed) < mostAtOnce {
		return nil
	}
	return t.flush()
}

// objection says why a command is not handed on; nil if it is.
func (t *taking) objection(r *command.Request) error {
	if t.May != nil && r.Ref.Host != "" && !t.May(r.Ref.Host) {
		return errForeign
	}
	if _, result := r.Submission(); result {
		return nil
	}
	switch {
	case t.ResultsOnly:
		return errResultsOnly
	case r.Name == "PROCESS_FILE":
		return errLocal
	case t.May != nil && r.Beyond():
		return errBounds
	}
	return nil
}

// obey hands a command to a sink that takes one at a time.
func (t *taking) obey(line string) error {
	if err := t.flush(); err != nil {
		return err
	}
	err := t.Sink.Obey(t.ctx, line, t.Source)
	if err != nil && t.ctx.Err() != nil {
		return err
	}
	t.told(err)
	return nil
}

// told notes what became of a command.
func (t *taking) told(err error) {
	if err != nil {
		t.refuse(err)
		return
	}
	t.report.Obeyed++
}

func (t *taking) refuse(err error) {
	if t.report.Wrong++; len(t.report.Why) < mostRefusals {
		t.report.Why = append(t.report.Why, err)
	}
}

func (t *taking) flush() error {
	if len(t.mixed) > 0 {
		return t.flushMixed()
	}
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

// flushMixed hands on what waits, and counts results as if they had been submitted.
func (t *taking) flushMixed() error {
	lines := make([]string, len(t.mixed))
	for i, m := range t.mixed {
		lines[i] = m.line
	}
	var failed error
	for i, err := range t.bulk.ObeyAll(t.ctx, lines, t.Source) {
		results, result := &t.report.Results, t.mixed[i].result
		switch {
		case err != nil && !errors.Is(err, modules.ErrRefused):
			failed = err
		case !result:
			t.told(err)
		case err == nil:
			results.Stored++
		case errors.Is(err, modules.ErrOver):
			results.Over++
		default:
			results.Unknown++
		}
	}
	t.mixed = t.mixed[:0]
	return failed
}
