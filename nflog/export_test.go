package nflog

// Raw returns the message that the packet was decoded from.
func Raw(p *Packet) []byte { return p.buf }

// PacketAttrs is the table of a packet's attributes.
var PacketAttrs = packetAttrs

// HookNumber returns the kernel's number of a hook.
var HookNumber = hookNumber
