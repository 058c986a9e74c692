package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
)

// Eval gives what an expression of JavaScript is in the page, waited for if it is a promise.
func Eval[T any](b *Tab, expression string) (value T) {
	b.t.Helper()
	b.try("working out "+expression, func(ctx context.Context) (err error) {
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return value
}

// Until waits until an expression of JavaScript is true in the page.
func (b *Tab) Until(what, expression string) {
	b.t.Helper()
	b.until(what, func(ctx context.Context) error {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && !is {
			err = errors.New("it is not so")
		}
		return err
	})
}

// Sees waits until the page shows a text.
func (b *Tab) Sees(text string) {
	b.t.Helper()
	b.Until("seeing "+text, "document.body && document.body.innerText.includes("+quoted(text)+")")
}

// Misses waits until the page does not show a text.
func (b *Tab) Misses(text string) {
	b.t.Helper()
	b.Until("not seeing "+text, "document.body && !document.body.innerText.includes("+quoted(text)+")")
}

// Text gives what the first element of a selector shows; it waits for one.
func (b *Tab) Text(selector string) (text string) {
	b.t.Helper()
	b.Until("there is "+selector, "document.querySelector("+quoted(selector)+")")
	return Eval[string](b, "document.querySelector("+quoted(selector)+").innerText")
}

// quoted gives a text as JavaScript writes it.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // a text always has a form
	}
	return string(b)
}

// Click clicks with the mouse on what has a role and an accessible name: "button", "Acknowledge". A role that is empty stands for any. It waits
// until exactly one such thing is shown.
func (b *Tab) Click(role, name string) {
	b.t.Helper()
	b.until("clicking "+role+" "+name, func(ctx context.Context) error {
		id, err := find(ctx, role, name)
		if err != nil {
			return err
		}
		x, y, err := middle(ctx, id)
		if err != nil {
			return err
		}
		return chromedp.Do(ctx, chromedp.MouseClickXY(x, y))
	})
}

// Fill puts a text into the field of an accessible name, in place of what is there, as a keyboard does.
func (b *Tab) Fill(name, text string) {
	b.t.Helper()
	b.until("filling in "+name, func(ctx context.Context) error {
		id, err := find(ctx, "", name)
		if err == nil {
			_, err = chromedp.Call(ctx, dom.Focus, dom.FocusParams{BackendNodeID: id})
		}
		if err != nil {
			return err
		}
		_, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("document.activeElement.select?.(), true"))
		return err
	})
	b.Press(text)
}

// Has waits until something with a role and an accessible name is shown.
func (b *Tab) Has(role, name string) {
	b.t.Helper()
	b.until("there is "+role+" "+name, func(ctx context.Context) error {
		_, err := find(ctx, role, name)
		return err
	})
}

// find gives the one element with a role and an accessible name.
func find(ctx context.Context, role, name string) (cdp.BackendNodeID, error) {
	root, err := chromedp.Call(ctx, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return 0, err
	}
	found, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{NodeID: root.Root.NodeID, Role: role, AccessibleName: name})
	if err != nil {
		return 0, err
	}
	var ids []cdp.BackendNodeID
	for _, n := range found.Nodes {
		if !n.Ignored && n.BackendDOMNodeID != 0 && (role != "" || !isText(n)) {
			ids = append(ids, n.BackendDOMNodeID)
		}
	}
	if len(ids) != 1 {
		return 0, fmt.Errorf("there are %d, want one", len(ids))
	}
	return ids[0], nil
}

// isText is whether a node is nothing but words: those of a label have the name of its field.
func isText(n *accessibility.Node) bool {
	role := strings.Trim(string(n.Role.Value), `"`)
	return role == "StaticText" || role == "InlineTextBox" || role == "LabelText"
}

// middle scrolls an element into view and gives the point in its middle.
func middle(ctx context.Context, id cdp.BackendNodeID) (x, y float64, err error) {
	if _, err = chromedp.Call(ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: id}); err != nil {
		return 0, 0, err
	}
	r, err := chromedp.Call(ctx, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: id})
	if err != nil {
		return 0, 0, err
	}
	if len(r.Quads) == 0 || len(r.Quads[0]) != 8 {
		return 0, 0, errors.New("it is not shown")
	}
	for i, v := range r.Quads[0] {
		if i%2 == 0 {
			x += v / 4
		} else {
			y += v / 4
		}
	}
	return math.Round(x), math.Round(y), nil
}
