// What nlohmann::ordered_map is, but that a key is found without comparing it with all others: a file of
// strangers may hold a million. C++17: the simulator's own process reads with it too.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace splitwan::engine {

// Of another seed in every process: nobody can choose keys that meet.
std::uint64_t hash_of_key(std::string_view);

template <class Key, class T, class Less = std::less<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>>
class JsonObject : public std::vector<std::pair<const Key, T>, Allocator> {
 public:
  using Container = std::vector<std::pair<const Key, T>, Allocator>;
  using key_type = Key;
  using mapped_type = T;
  using key_compare = std::equal_to<>;
  using typename Container::const_iterator;
  using typename Container::iterator;
  using typename Container::size_type;
  using typename Container::value_type;

  JsonObject() = default;
  template <class It>
  JsonObject(It first, It last) {
    insert(first, last);
  }

  template <class K>
  std::pair<iterator, bool> emplace(K&& key, T&& value) {
    if (const size_type there = position(key); there < this->size()) return {at_position(there), false};
    Container::emplace_back(std::forward<K>(key), std::move(value));
    place_last();
    return {std::prev(this->end()), true};
  }
  std::pair<iterator, bool> insert(const value_type& value) { return emplace(value.first, T(value.second)); }
  template <class It>
  void insert(It first, It last) {
    for (; first != last; ++first) emplace(first->first, T(first->second));
  }
  template <class K>
  T& operator[](K&& key) {
    return emplace(std::forward<K>(key), T{}).first->second;
  }
  template <class K>
  iterator find(const K& key) {
    return at_position(position(key));
  }
  template <class K>
  const_iterator find(const K& key) const {
    return this->begin() + static_cast<std::ptrdiff_t>(position(key));
  }
  template <class K>
  size_type count(const K& key) const {
    return position(key) < this->size() ? 1 : 0;
  }
  template <class K>
  const T& at(const K& key) const {
    const auto found = find(key);
    if (found == this->end()) throw std::out_of_range("key not found");
    return found->second;
  }

  void clear() {
    Container::clear();
    places_.clear();
  }
  size_type erase(const Key& key) {
    const auto found = find(key);
    if (found == this->end()) return 0;
    erase(found);
    return 1;
  }
  iterator erase(const_iterator one) { return erase(one, std::next(one)); }
  iterator erase(const_iterator first, const_iterator last) {
    const auto offset = std::distance(this->cbegin(), first);
    Container rest;  // keys are constant: nothing can be moved down
    rest.reserve(this->size());
    for (auto it = this->begin(); it != this->end(); ++it)
      if (it < first || it >= last) rest.push_back(std::move(*it));
    Container::swap(rest);
    place_all();
    return this->begin() + offset;
  }

 private:
  static constexpr size_type few = 16;  // up to here comparing is as fast
  static constexpr std::uint32_t nothing = 0xFFFFFFFF;

  iterator at_position(size_type position) { return this->begin() + static_cast<std::ptrdiff_t>(position); }
  size_type position(std::string_view key) const {  // size(): not there
    if (places_.empty()) {
      size_type i = 0;
      while (i < this->size() && key_at(i) != key) ++i;
      return i;
    }
    const size_type mask = places_.size() - 1;
    for (size_type slot = hash_of_key(key) & mask; places_[slot] != nothing; slot = (slot + 1) & mask)
      if (key_at(places_[slot]) == key) return places_[slot];
    return this->size();
  }
  const Key& key_at(size_type position) const { return Container::operator[](position).first; }

  void place_last() {
    if (this->size() * 2 > places_.size())
      place_all();
    else
      place(this->size() - 1);
  }
  void place_all() {
    places_.clear();
    if (this->size() <= few) return;
    size_type slots = 64;
    while (slots < this->size() * 4) slots *= 2;
    places_.assign(slots, nothing);
    for (size_type i = 0; i < this->size(); ++i) place(i);
  }
  void place(size_type position) {
    const size_type mask = places_.size() - 1;
    size_type slot = hash_of_key(key_at(position)) & mask;
    while (places_[slot] != nothing) slot = (slot + 1) & mask;
    places_[slot] = static_cast<std::uint32_t>(position);
  }

  std::vector<std::uint32_t> places_;  // of keys in the vector, by hash; empty where there are few
};

}  // namespace splitwan::engine
