package app

import (
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/receiver"
)

// part is what one life of a role is built with: the process, and what is the role's alone and goes with it. A role that comes out of
// maintenance is built anew, with a part of its own.
type part struct {
	*App
	// boot, metrics and closers stand in front of those of the process. boot is unique to this life, as ids of messages that begin
	// anew must be.
	boot    string
	metrics *metrics.Set
	closers []func() error
	// pages add what the role serves to the API.
	pages []func(*http.ServeMux)
}

func newBoot() string { return rand.Text()[:10] }

func (a *App) newPart() *part { return &part{App: a, boot: newBoot(), metrics: metrics.NewSet()} }

// serve has the role's pages in the API while it works.
func (a *part) serve(page func(*http.ServeMux)) { a.pages = append(a.pages, page) }

// receives makes a receiver the one that carries out the commands of the broker's modules, for as long as its role works.
func (a *part) receives(r *receiver.Receiver) {
	a.receiver.Store(r)
	a.closers = append(a.closers, func() error {
		a.receiver.CompareAndSwap(r, nil)
		return nil
	})
}

// close ends what was opened for the role.
func (a *part) close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i]())
	}
	return errors.Join(errs...)
}
