package core

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyChange changes what the configuration says of a single host or service. It holds until it is changed again, also
// over restarts and reloads; CHANGE_…_MODATTR takes it back.
func (c *Core) obeyChange(r *command.Request, d *Decisions) (bool, error) {
	change := changeOf(r.Name)
	if change == nil {
		return false, nil
	}
	id, err := c.object(r)
	if err != nil {
		return true, err
	}
	if strings.HasSuffix(r.Name, "_CHECK_COMMAND") && c.ruleOf(id) != nil {
		return true, fmt.Errorf("%s is a business rule: it is worked out from others, and no command checks it", c.inv.Ref(id))
	}
	changes := monitor.Changes{}
	if was := c.changes(id); was != nil {
		changes = *was
	}
	if err := change(c, r, &changes); err != nil {
		return true, err
	}
	interval := c.inv.Policy(id).CheckInterval
	c.change(id, &changes)
	if c.inv.Policy(id).CheckInterval != interval && !c.run[id].flags.has(pinned) {
		c.plan(id, c.interval(id), c.now)
	}
	c.changed(monitor.BrokState, id, "", d)
	return true, nil
}

// changeOf gives what a command changes; nil if it is none of these.
func changeOf(name string) func(*Core, *command.Request, *monitor.Changes) error {
	switch name {
	case "CHANGE_HOST_CHECK_COMMAND", "CHANGE_SVC_CHECK_COMMAND":
		return func(c *Core, r *command.Request, to *monitor.Changes) error {
			return c.setCall(r.Text(0), &to.CheckCommand)
		}
	case "CHANGE_HOST_EVENT_HANDLER", "CHANGE_SVC_EVENT_HANDLER":
		return func(c *Core, r *command.Request, to *monitor.Changes) error {
			return c.setCall(r.Text(0), &to.EventHandler)
		}
	case "CHANGE_HOST_CHECK_TIMEPERIOD", "CHANGE_SVC_CHECK_TIMEPERIOD":
		return func(c *Core, r *command.Request, to *monitor.Changes) error {
			return c.setPeriod(r.Text(0), &to.CheckPeriod)
		}
	case "CHANGE_HOST_NOTIFICATION_TIMEPERIOD", "CHANGE_SVC_NOTIFICATION_TIMEPERIOD":
		return func(c *Core, r *command.Request, to *monitor.Changes) error {
			return c.setPeriod(r.Text(0), &to.NotificationPeriod)
		}
	case "CHANGE_NORMAL_HOST_CHECK_INTERVAL", "CHANGE_NORMAL_SVC_CHECK_INTERVAL":
		return func(c *Core, r *command.Request, to *monitor.Changes) (err error) {
			to.HasCheckInterval = true
			to.CheckInterval, err = c.units(r.Number(0), 0)
			return err
		}
	case "CHANGE_RETRY_HOST_CHECK_INTERVAL", "CHANGE_RETRY_SVC_CHECK_INTERVAL":
		return func(c *Core, r *command.Request, to *monitor.Changes) (err error) {
			to.RetryInterval, err = c.units(r.Number(0), 1)
			return err
		}
	case "CHANGE_MAX_HOST_CHECK_ATTEMPTS", "CHANGE_MAX_SVC_CHECK_ATTEMPTS":
		return func(_ *Core, r *command.Request, to *monitor.Changes) error {
			to.MaxAttempts = uint16(min(max(r.Int(0), 1), math.MaxUint16))
			return nil
		}
	case "CHANGE_CUSTOM_HOST_VAR", "CHANGE_CUSTOM_SVC_VAR":
		return func(_ *Core, r *command.Request, to *monitor.Changes) error {
			vars, err := setVar(to.Vars, r.Text(0), r.Text(1))
			to.Vars = vars
			return err
		}
	}
	return nil
}

// setCall takes a command line as object files have it, if its command is there.
func (c *Core) setCall(line string, to *string) error {
	if _, ok := c.call(line); !ok {
		name, _, _ := strings.Cut(line, "!")
		return fmt.Errorf("there is no command %q", name)
	}
	*to = line
	return nil
}

func (c *Core) setPeriod(name string, to *string) error {
	if c.periodNamed(name) == monitor.None {
		return fmt.Errorf("there is no timeperiod %q", name)
	}
	*to = name
	return nil
}

// longestInterval is a bound for intervals that commands set: what is longer is a slip.
const longestInterval = 366 * 24 * time.Hour

// units turns a number of time units into a duration.
func (c *Core) units(n, least float64) (time.Duration, error) {
	unit := c.inv.Options.Interval
	if unit <= 0 {
		unit = time.Minute
	}
	if math.IsNaN(n) || n < least || n > float64(longestInterval/unit) {
		return 0, fmt.Errorf("an interval of %v units is out of bounds: %v to %v", n, least, float64(longestInterval/unit))
	}
	return time.Duration(n * float64(unit)), nil
}

// maxVars bounds how many custom variables commands may add to one object.
const maxVars = 100

// setVar sets a custom variable. Its name may come with the underscore or without.
func setVar(vars []monitor.Var, name, value string) ([]monitor.Var, error) {
	name = strings.ToUpper(strings.TrimPrefix(name, "_"))
	if name == "" {
		return vars, fmt.Errorf("the variable has no name")
	}
	vars = slices.Clone(vars)
	if i := slices.IndexFunc(vars, func(v monitor.Var) bool { return v.Name == name }); i >= 0 {
		vars[i].Value = value
		return vars, nil
	}
	if len(vars) >= maxVars {
		return vars, fmt.Errorf("%d variables are set by commands already: take some back first", len(vars))
	}
	return append(vars, monitor.Var{Name: name, Value: value}), nil
}

// The bits of modified attributes (Nagios 4.5 common.h, MODATTR_*).
const (
	modNotifications      = 1 << 0
	modActive             = 1 << 1
	modPassive            = 1 << 2
	modHandlers           = 1 << 3
	modFlapping           = 1 << 4
	modPerfdata           = 1 << 6
	modObsess             = 1 << 7
	modHandler            = 1 << 8
	modCheckCommand       = 1 << 9
	modCheckInterval      = 1 << 10
	modRetryInterval      = 1 << 11
	modAttempts           = 1 << 12
	modFreshness          = 1 << 13
	modCheckPeriod        = 1 << 14
	modVars               = 1 << 15
	modNotificationPeriod = 1 << 16
)

// obeyModified takes back what commands changed: CHANGE_…_MODATTR names the attributes that stay changed.
func (c *Core) obeyModified(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "CHANGE_HOST_MODATTR", "CHANGE_SVC_MODATTR":
		id, err := c.object(r)
		if err == nil {
			c.unmodify(id, r.Int(0), d)
			c.changed(monitor.BrokState, id, "", d)
		}
		return true, err
	case "CHANGE_CONTACT_MODATTR", "CHANGE_CONTACT_MODHATTR", "CHANGE_CONTACT_MODSATTR":
		contacts, err := c.contactsOf(r.Text(0), false)
		if err == nil {
			c.unmodifyContact(contacts[0], r.Name, r.Int(1), d)
		}
		return true, err
	}
	return false, nil
}

// unmodify puts everything back to what the configuration says, but for the attributes that stay.
func (c *Core) unmodify(id monitor.ID, stay int64, d *Decisions) {
	s := &c.standing[id]
	for _, b := range [...]struct {
		bit  int64
		what monitor.Switch
	}{
		{modNotifications, monitor.Notifications},
		{modActive, monitor.ActiveChecks},
		{modPassive, monitor.PassiveChecks},
		{modHandlers, monitor.EventHandlers},
		{modFlapping, monitor.FlapDetection},
		{modPerfdata, monitor.ProcessPerfdata},
		{modObsess, monitor.Obsess},
		{modFreshness, monitor.FreshnessChecks},
	} {
		if stay&b.bit == 0 && s.modified&b.what != 0 {
			s.modified &^= b.what
			s.switches = s.switches&^b.what | c.inv.Policy(id).Switches&b.what
		}
	}
	c.flapSwitched(id, d)
	if was := c.changes(id); was != nil {
		c.change(id, staying(*was, stay))
		c.plan(id, c.interval(id), c.now)
	}
}

// staying gives what is left of changes.
func staying(ch monitor.Changes, stay int64) *monitor.Changes {
	var left monitor.Changes
	if stay&modHandler != 0 {
		left.EventHandler = ch.EventHandler
	}
	if stay&modCheckCommand != 0 {
		left.CheckCommand = ch.CheckCommand
	}
	if stay&modCheckInterval != 0 {
		left.CheckInterval, left.HasCheckInterval = ch.CheckInterval, ch.HasCheckInterval
	}
	if stay&modRetryInterval != 0 {
		left.RetryInterval = ch.RetryInterval
	}
	if stay&modAttempts != 0 {
		left.MaxAttempts = ch.MaxAttempts
	}
	if stay&modCheckPeriod != 0 {
		left.CheckPeriod = ch.CheckPeriod
	}
	if stay&modNotificationPeriod != 0 {
		left.NotificationPeriod = ch.NotificationPeriod
	}
	if stay&modVars != 0 {
		left.Vars = ch.Vars
	}
	return &left
}
