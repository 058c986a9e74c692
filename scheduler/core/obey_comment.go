package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyComment adds and removes comments.
func (c *Core) obeyComment(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "ADD_HOST_COMMENT", "ADD_SVC_COMMENT":
		id, err := c.object(r)
		if err == nil {
			c.comment(id, monitor.Comment{
				Author: r.Text(1), Text: r.Text(2), Persistent: r.Bool(0), Kind: monitor.CommentUser,
			}, d)
		}
		return true, err
	case "DEL_HOST_COMMENT", "DEL_SVC_COMMENT":
		note := c.comments.byID[uint64(r.Int(0))]
		if note == nil || note.Ref.IsHost() != (r.Name == "DEL_HOST_COMMENT") {
			return true, fmt.Errorf("there is no such comment as %d", r.Int(0))
		}
		id, _ := c.find(note.Ref)
		c.dropComment(id, note.ID, d)
		return true, nil
	case "DEL_ALL_HOST_COMMENTS", "DEL_ALL_SVC_COMMENTS":
		id, err := c.object(r)
		if err == nil {
			for _, note := range c.comments.on(id) {
				c.dropComment(id, note.ID, d)
			}
		}
		return true, err
	}
	return false, nil
}
