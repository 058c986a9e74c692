package browser

import (
	"context"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The keys that have no letter, for Press.
const (
	Enter  = kb.Enter
	Escape = kb.Escape
	Tabs   = kb.Tab
	Down   = kb.ArrowDown
	Up     = kb.ArrowUp
	Left   = kb.ArrowLeft
	Right  = kb.ArrowRight
	Space  = " "
)

// Press presses keys one after the other, wherever the focus is.
func (b *Tab) Press(keys string) { b.t.Helper(); b.press(keys, 0) }

// Control presses keys together with Ctrl.
func (b *Tab) Control(keys string) { b.t.Helper(); b.press(keys, int64(chromedp.ModifierCtrl)) }

func (b *Tab) press(keys string, with int64) {
	b.t.Helper()
	b.try("pressing keys", func(ctx context.Context) error {
		for _, r := range keys {
			for _, event := range stroke(r, with) {
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, event); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// stroke gives a key that goes down and up. What it types is part of its going down, so that a page that takes the key for an order
// keeps it from being typed, as with a keyboard.
func stroke(r rune, with int64) (events []input.DispatchKeyEventParams) {
	var down *input.DispatchKeyEventParams
	for _, e := range kb.Encode(r) {
		e.Modifiers |= with
		switch {
		case e.Type == kb.KeyChar && with == 0:
			down.Type, down.Text, down.UnmodifiedText = kb.KeyDown, e.Text, e.UnmodifiedText
		case e.Type != kb.KeyChar:
			events = append(events, *e)
			down = &events[0]
		}
	}
	return events
}
