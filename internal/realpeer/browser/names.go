package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// named gives the roles of things that are nothing to who does not see them without a name.
func named() []string {
	return strings.Fields("button link checkbox radio textbox searchbox combobox listbox slider spinbutton image img tree treeitem navigation search dialog columnheader rowheader DisclosureTriangle progressbar")
}

// Unnamed gives the roles of what the page shows that has to have an accessible name and has none.
func (b *Tab) Unnamed() (roles []string) {
	b.t.Helper()
	b.try("reading the names", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return err
		}
		all := named()
		for _, n := range tree.Nodes {
			if n.Ignored || n.Role == nil || !slices.Contains(all, text(n.Role)) || strings.TrimSpace(text(n.Name)) != "" {
				continue
			}
			roles = append(roles, fmt.Sprintf("%s (node %s)", text(n.Role), n.NodeID))
		}
		return nil
	})
	return roles
}

// text gives what a value says.
func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}
