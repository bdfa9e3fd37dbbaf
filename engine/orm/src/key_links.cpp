// SPDX-License-Identifier: BSL-1.0
#include "key_links.hpp"

#include <algorithm>
#include <ranges>
#include <string>

#include <greenway/base/error.hpp>
#include <greenway/orm/registry.hpp>

namespace greenway::detail {

namespace {

// Both sides of a relationship say the same: one is written.
void note_link(const RelationshipChange& change, const Instance& target, KeyLinks::Pairs& links) {
  const Relationship& about = change.about();
  if (change.owner->is_to_delete || target.is_to_delete) {
    return;
  }
  if (about.back && about.points_only) {
    links[&about.target->relationships[*about.back]].emplace(&target, change.owner);
  } else {
    links[&about].emplace(change.owner, &target);
  }
}

void copy_key(const KeyLink& link) {
  for (const auto& [mine, other] : link.about->pairs) {
    const std::size_t written = link.is_holders ? mine : other;
    const std::size_t read = link.is_holders ? other : mine;
    link.holder->mapper.attributes[written].type->assign(link.holder->member(written), link.referred->value(read));
    if (link.holder->is_pending() || link.holder->is_new) {
      link.holder->own_rest().generated.push_back(written);
    }
  }
}

void clear_key(const KeyLink& link) {
  for (const auto& [mine, other] : link.about->pairs) {
    const std::size_t attribute = link.is_holders ? mine : other;
    const Attribute& about = link.holder->mapper.attributes[attribute];
    if (!about.type->is_optional) {
      const std::string& holder = link.holder->mapper.name;
      const std::string& referred = link.is_holders ? link.about->target->name : link.referred->mapper.name;
      throw InvalidRequestError(
          "an entity belongs to no " + referred + " any more, by relationship " +
          (link.is_holders ? holder : referred) + "." + link.about->name + ", and its column '" +
          about.column.name() +
          "' cannot be NULL: make the member an std::optional, or the cascade \"all, delete-orphan\"");
    }
    about.type->unset(link.holder->member(attribute));
  }
}

// Both sides of a relationship have the same one.
std::pair<const Mapper*, std::size_t> key_of(const KeyLink& link) {
  const auto& [mine, other] = link.about->pairs.front();
  return {&link.holder->mapper, link.is_holders ? mine : other};
}

bool may_be_null(const KeyLink& link) {
  return std::ranges::all_of(link.about->pairs, [&](const auto& pair) {
    return may_be_null(link.holder->mapper.attributes[link.is_holders ? pair.first : pair.second]);
  });
}

}  // namespace

bool may_be_null(const Attribute& attribute) {
  return attribute.type->is_optional && attribute.column.data().is_nullable();
}

KeyLinks::KeyLinks(const ChangedRelationships& changes) : cleared_(changes.set_free()) {
  for (const RelationshipChange& change : changes.all()) {
    const Relationship& about = change.about();
    const bool is_holders = about.direction == Direction::many_to_one;
    for (Instance* const target : change.removed) {
      if (about.secondary) {
        note_link(change, *target, gone_);
      } else if (!is_holders || change.added.empty()) {
        cleared_.push_back(
            {is_holders ? change.owner : target, is_holders ? target : change.owner, &about, is_holders});
      }
    }
    if (change.is_let_go) {
      cleared_.push_back({change.owner, nullptr, &about, true});
    }
    for (Instance* const target : change.added) {
      if (about.secondary) {
        note_link(change, *target, come_);
      } else {
        links_.push_back(
            {is_holders ? change.owner : target, is_holders ? target : change.owner, &about, is_holders});
      }
    }
  }
  clear_keys();
  copy_known_keys();
}

void KeyLinks::clear_keys() {
  std::set<std::pair<const Instance*, std::size_t>> linked;
  for (const KeyLink& link : links_) {
    for (const auto& [mine, other] : link.about->pairs) {
      linked.emplace(link.holder, link.is_holders ? mine : other);
    }
  }
  for (const KeyLink& link : cleared_) {
    const auto& first = link.about->pairs.front();
    if (!link.holder->is_to_delete && !linked.contains({link.holder, link.is_holders ? first.first : first.second})) {
      clear_key(link);
    }
  }
}

void KeyLinks::copy_known_keys() {
  for (std::size_t i = 0; i != links_.size(); ++i) {
    const KeyLink& link = links_[i];
    if (link.holder->is_to_delete) {
      continue;
    }
    if (link.referred->is_pending()) {
      waiting_.emplace(link.referred, i);
      ++waits_for_[link.holder];
    } else {
      copy_key(link);
    }
  }
}

bool KeyLinks::is_ready(const Instance& instance) const {
  const auto waits = waits_for_.find(&instance);
  return waits == waits_for_.end() || waits->second == 0;
}

void KeyLinks::has_key(const Instance& instance) {
  const auto [first, last] = waiting_.equal_range(&instance);
  for (auto link = first; link != last; ++link) {
    copy_key(links_[link->second]);
    if (!broken_.contains(link->second)) {
      --waits_for_[links_[link->second].holder];
    }
  }
}

void KeyLinks::break_circle(const std::vector<Instance*>& waiting) {
  std::set<const Instance*> circle(waiting.begin(), waiting.end());
  const auto is_in_it = [&](const KeyLink& link) {
    return circle.contains(link.holder) && circle.contains(link.referred);
  };
  for (bool shrinks = true; shrinks;) {  // whom nobody waits for only comes behind it
    std::set<const Instance*> referred;
    for (const auto& [instance, link] : waiting_) {
      if (is_in_it(links_[link])) {
        referred.insert(instance);
      }
    }
    shrinks = std::erase_if(circle, [&](const Instance* instance) { return !referred.contains(instance); }) != 0;
  }
  const auto is_open = [&](std::size_t i) { return !broken_.contains(i) && is_in_it(links_[i]); };
  const auto all = std::views::iota(std::size_t(0), links_.size());
  const auto first = std::ranges::find_if(all, [&](std::size_t i) { return is_open(i) && may_be_null(links_[i]); });
  if (first == all.end()) {
    throw InvalidRequestError(
        "entities of " + waiting.front()->mapper.name +
        " belong to each other in a circle: none can be inserted first, since no foreign key of it "
        "may be NULL; make the member of one an std::optional");
  }
  for (const std::size_t i : all) {
    if (is_open(i) && key_of(links_[i]) == key_of(links_[*first])) {
      broken_.insert(i);
      --waits_for_[links_[i].holder];
    }
  }
}

}  // namespace greenway::detail
